package org.fednano.align;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.fednano.encoder.connector.ConnectorLayout;
import org.fednano.encoder.connector.ConnectorPass;
import org.fednano.encoder.connector.FeatureScale;
import org.fednano.encoder.connector.RidgeStart;
import org.fednano.llm.FrozenLlm;
import org.fednano.random.Seeds;

/** A connector before its first step. */
final class AlignStart {

    /** Tokens of media that the regression sees, at most: beyond some ten of each input's number it learns little more. */
    private static final int ROWS = 1 << 15;

    /** Rows of the embedding table whose centre and spread stand for all. */
    private static final int TABLE_ROWS = 4096;

    private final ConnectorLayout layout;
    private final AlignData data;
    private final FrozenLlm llm;

    AlignStart(ConnectorLayout layout, AlignData data, FrozenLlm llm) {
        this.layout = layout;
        this.data = data;
        this.llm = llm;
    }

    /** Mean and spread of the training rows' features. */
    FeatureScale scale() {
        FeatureScale.Sums sums = new FeatureScale.Sums(layout.width());
        data.train().forEach(sample -> sums.add(data.features(sample)));
        return sums.scale();
    }

    float[] random(long seed) {
        return layout.random(new Random(Seeds.mix(seed, 0, "connector")));
    }

    /**
     * The last layer by regression; a first one stays random.
     *
     * @param lambda penalty per row
     */
    float[] ridge(long seed, FeatureScale scale, double lambda) {
        float[] theta = random(seed);
        ConnectorPass pass = new ConnectorPass(layout);
        RidgeStart ridge = new RidgeStart(layout.lastWidth(), layout.hidden());
        int tokens = data.features(data.train().get(0)).length / layout.width();
        int samples = Math.max(1, ROWS / tokens);
        int[] drawn = Seeds.draw(data.train().size(), samples, new Random(Seeds.mix(seed, 0, "ridge")));
        float[] seen = new float[0];
        for (int i : drawn) {
            AlignSample sample = data.train().get(i);
            float[] inputs = pass.lastInput(theta, scale.apply(data.features(sample)));
            ridge.add(inputs, caption(sample));
            if (seen.length < 1024 * layout.lastWidth()) {
                int before = seen.length;
                seen = Arrays.copyOf(seen, before + inputs.length);
                System.arraycopy(inputs, 0, seen, before, inputs.length);
            }
        }
        int[] ids = tableIds();
        float[] rows = llm.embed(ids);
        float[] centre = centre(rows);
        ridge.put(layout, theta, ridge.solve(lambda), spread(rows, centre), centre, seen);
        return theta;
    }

    /** Mean embedding of the caption's tokens but the end token. */
    private float[] caption(AlignSample sample) {
        int[] ids = sample.answer();
        int[] words = ids.length > 1 ? Arrays.copyOf(ids, ids.length - 1) : ids;
        return centre(llm.embed(words));
    }

    private int[] tableIds() {
        int vocabulary = llm.info().vocabulary();
        int count = Math.min(vocabulary, TABLE_ROWS);
        return IntStream.range(0, count)
                .map(i -> (int) ((long) i * vocabulary / count))
                .toArray();
    }

    private float[] centre(float[] rows) {
        double[] sum = new double[layout.hidden()];
        for (int i = 0; i < rows.length; i++) {
            sum[i % sum.length] += rows[i];
        }
        float[] centre = new float[sum.length];
        for (int h = 0; h < sum.length; h++) {
            centre[h] = (float) (sum[h] * sum.length / rows.length);
        }
        return centre;
    }

    private static double spread(float[] rows, float[] centre) {
        double sum = 0;
        for (int at = 0; at < rows.length; at += centre.length) {
            double square = 0;
            for (int h = 0; h < centre.length; h++) {
                double difference = rows[at + h] - centre[h];
                square += difference * difference;
            }
            sum += Math.sqrt(square);
        }
        return sum * centre.length / rows.length;
    }
}
