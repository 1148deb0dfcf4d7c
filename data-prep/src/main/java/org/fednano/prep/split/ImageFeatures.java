package org.fednano.prep.split;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.fednano.encoder.NanoEdge;
import org.fednano.random.SplitMix64;
import org.fednano.sample.Medium;
import org.fednano.sample.PromptFeatures;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.tensor.TensorEngine;
import org.fednano.weights.HfModelFolder;

/**
 * One vector per image: the mean of its tokens as the frozen encoder and connector give them, brought to {@link #WIDTH}
 * values by a random projection where it is wider, so that vectors of a whole data set fit a driver (distances survive:
 * Johnson and Lindenstrauss, 1984). Used by tasks; a JVM holds one encoder, on one thread per operation, so that a
 * image's vector does not depend on the machine's cores.
 *
 * @param model folder of the model; every executor reads it
 * @param seed of the projection
 */
record ImageFeatures(String model, long seed) implements Serializable {

    /** Images per call. */
    static final int BATCH = 32;

    /** Most values of a vector. */
    static final int WIDTH = 64;

    private static final Object LOCK = new Object();
    private static NanoEdge open;
    private static String openModel;

    /** Vectors (N, at most {@link #WIDTH}) of N image files. */
    double[][] of(List<byte[]> images) {
        NanoEdge edge = edge(model);
        List<Sample> samples = new ArrayList<>();
        for (byte[] image : images) {
            samples.add(new Sample(
                    "image", "", Split.TRAIN, Medium.picture(image), "?", "", List.of(), "", -1, "", "", ""));
        }
        List<PromptFeatures> features = edge.encode(samples, ids -> new float[ids.length * edge.hidden()]);
        double[][] vectors = new double[images.size()][];
        float[][] projection = projection(edge.hidden());
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = projected(mean(features.get(i), edge.hidden()), projection);
        }
        return vectors;
    }

    private static NanoEdge edge(String model) {
        synchronized (LOCK) {
            if (open == null || !model.equals(openModel)) {
                if (open != null) {
                    open.close();
                }
                TensorEngine.start(1);
                Settings settings = Settings.load(
                        List.of(),
                        List.of(
                                ModelKeys.ENCODER_BATCH.key() + "=" + BATCH,
                                ModelKeys.MAX_PROMPT_TOKENS.key() + "=1048576"));
                open = NanoEdge.open(HfModelFolder.open(Path.of(model)), settings);
                openModel = model;
            }
            return open;
        }
    }

    private static double[] mean(PromptFeatures features, int hidden) {
        double[] mean = new double[hidden];
        int tokens = 0;
        for (int t = 0; t < features.tokens(); t++) {
            if (features.modality()[t] == PromptFeatures.IMAGE) {
                tokens++;
                for (int h = 0; h < hidden; h++) {
                    mean[h] += features.embeds()[t * hidden + h];
                }
            }
        }
        for (int h = 0; h < hidden; h++) {
            mean[h] /= Math.max(1, tokens);
        }
        return mean;
    }

    /** (WIDTH, H), or null where H is no wider. */
    private float[][] projection(int hidden) {
        if (hidden <= WIDTH) {
            return null;
        }
        SplitMix64 draws = SplitMix64.of(seed, "projection");
        float[][] matrix = new float[WIDTH][hidden];
        for (float[] row : matrix) {
            for (int h = 0; h < hidden; h++) {
                row[h] = (float) (draws.gaussian() / Math.sqrt(WIDTH));
            }
        }
        return matrix;
    }

    private static double[] projected(double[] vector, float[][] projection) {
        if (projection == null) {
            return vector;
        }
        double[] result = new double[projection.length];
        for (int r = 0; r < result.length; r++) {
            for (int h = 0; h < vector.length; h++) {
                result[r] += projection[r][h] * vector[h];
            }
        }
        return result;
    }
}
