package org.fednano.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.fednano.adapter.AdapterLayout.Modality;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptFeatures;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.junit.jupiter.api.Test;

/** An adapter for each modality, and no adapter sees another one's tokens. */
class ModalitiesTest {

    private static final int H = 7;
    private static final int R = 3;
    private static final Map<String, Byte> KNOWN = new LinkedHashMap<>();

    static {
        KNOWN.put("image", (byte) 0);
        KNOWN.put("text", (byte) 1);
        KNOWN.put("thermal", (byte) 2);
        KNOWN.put("audio", (byte) 3);
    }

    private static final AdapterLayout ALL = AdapterLayout.of("all", KNOWN, H, R, 6);

    private static FeatureBatch batch(Random random, int... modalities) {
        byte[] modality = new byte[modalities.length];
        for (int t = 0; t < modality.length; t++) {
            modality[t] = (byte) modalities[t];
        }
        PromptFeatures sample = new PromptFeatures(
                "s",
                Batches.vector(modality.length * H, 1, random),
                modality,
                new int[] {1},
                new int[0][],
                -1,
                "a",
                "c");
        return FeatureBatch.of(List.of(sample), H);
    }

    @Test
    void settingNamesModalitiesInAnyOrder() {
        assertEquals(List.of("image", "text", "thermal", "audio"), names(ALL));
        assertEquals(List.of("image", "audio"), names(AdapterLayout.of("audio, image", KNOWN, H, R, 6)));
        assertEquals(List.of("image", "text"), names(AdapterLayout.of("both", KNOWN, H, R, 6)));
        assertEquals(List.of("audio"), names(AdapterLayout.of("audio", KNOWN, H, R, 6)));
        assertEquals(
                List.of("image.down", "image.up", "audio.down", "audio.up"),
                AdapterLayout.of("image,audio", KNOWN, H, R, 6).tensors().stream()
                        .map(AdapterLayout.Tensor::name)
                        .toList());
        for (String wrong : List.of("smell", "", "image,,text", "image,image", "all,image")) {
            JobException e = assertThrows(JobException.class, () -> AdapterLayout.of(wrong, KNOWN, H, R, 6), wrong);
            assertEquals(ExitStatus.USAGE, e.status());
            assertTrue(e.getMessage().contains("thermal") && e.getMessage().contains("'" + wrong + "'"));
        }
    }

    private static List<String> names(AdapterLayout layout) {
        return layout.modalities().stream().map(Modality::name).toList();
    }

    /** Central differences over every parameter, with all modalities in one prompt. */
    @Test
    void gradientsOfEveryAdapterAreThoseOfDifferences() {
        Random random = new Random(1);
        FeatureBatch batch = batch(random, 1, 0, 0, 2, 1, 3, 3, 3, 2, 1);
        float[] theta = Batches.vector(ALL.size(), 0.3, random);
        float[] dy = Batches.gradientLike(batch, random);
        for (NanoAdapters adapters : List.of(new LoopAdapters(ALL), new NdAdapters(ALL))) {
            float[] gradient = Batches.gradients(adapters, theta, batch, dy, 1).get(0);
            for (int i = 0; i < theta.length; i++) {
                float[] up = theta.clone();
                float[] down = theta.clone();
                up[i] += 1e-2f;
                down[i] -= 1e-2f;
                double difference = (dot(dy, adapters.forward(up, batch).embeds())
                                - dot(dy, adapters.forward(down, batch).embeds()))
                        / ((double) up[i] - down[i]);
                assertEquals(difference, gradient[i], 1e-3 * Math.max(1, Math.abs(difference)), "parameter " + i);
            }
        }
    }

    /** Of its own tokens: other ones may hold anything, or not be there. */
    @Test
    void anAdaptersGradientDependsOnItsOwnTokensOnly() {
        int[] modalities = {1, 0, 2, 3, 0, 1, 3, 2};
        Random random = new Random(2);
        FeatureBatch batch = batch(random, modalities);
        float[] theta = Batches.vector(ALL.size(), 0.3, random);
        float[] dy = Batches.gradientLike(batch, random);
        NanoAdapters adapters = NanoAdapters.of(ALL);
        float[] gradient = Batches.gradients(adapters, theta, batch, dy, 1).get(0);
        for (int m = 0; m < 4; m++) {
            float[] x = batch.prompts().embeds().clone();
            float[] otherDy = dy.clone();
            for (int i = 0; i < x.length; i++) {
                if (modalities[i / H] != m) {
                    x[i] = (float) random.nextGaussian();
                    otherDy[i] = (float) random.nextGaussian();
                }
            }
            PromptFeatures sample =
                    new PromptFeatures("s", x, batch.modality(), new int[] {1}, new int[0][], -1, "a", "c");
            float[] changed = Batches.gradients(adapters, theta, FeatureBatch.of(List.of(sample), H), otherDy, 1)
                    .get(0);
            assertArrayEquals(part(gradient, m), part(changed, m), "modality " + m);
            for (int other = 0; other < 4; other++) {
                assertEquals(other == m, Arrays.equals(part(gradient, other), part(changed, other)));
            }
        }
        FeatureBatch without = batch(random, 1, 0, 2, 1);
        float[] none = Batches.gradients(adapters, theta, without, Batches.gradientLike(without, random), 1)
                .get(0);
        assertArrayEquals(new float[2 * H * R], part(none, 3), "a sample without sound says nothing about sounds");
    }

    private static float[] part(float[] gradient, int m) {
        return Arrays.copyOfRange(gradient, ALL.downOffset(m), ALL.downOffset(m) + 2 * H * R);
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }
}
