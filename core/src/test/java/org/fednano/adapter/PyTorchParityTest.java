package org.fednano.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import java.util.stream.Stream;
import org.fednano.fisher.DiagonalFisher;
import org.fednano.sample.FeatureBatch;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Forward, per-sample gradients and Fisher against PyTorch's autograd, one sample at a time in float64. */
class PyTorchParityTest {

    private static final Fixture FIXTURE = Fixture.read("adapter.json");
    private static final AdapterLayout LAYOUT = AdapterLayout.of(
            "both",
            FIXTURE.number("hidden"),
            FIXTURE.number("rank"),
            FIXTURE.json().get("alpha").doubleValue());

    static Stream<NanoAdapters> versions() {
        return Stream.of(new LoopAdapters(LAYOUT), new NdAdapters(LAYOUT));
    }

    @ParameterizedTest
    @MethodSource("versions")
    void matchesAutograd(NanoAdapters adapters) {
        int tokens = FIXTURE.number("tokens");
        float[] marks = FIXTURE.floats("modality");
        byte[] modality = new byte[marks.length];
        for (int i = 0; i < marks.length; i++) {
            modality[i] = (byte) marks[i];
        }
        float[] sizes = FIXTURE.floats("lengths");
        int[] lengths = {(int) sizes[0], (int) sizes[1], (int) sizes[2]};
        FeatureBatch batch = new FeatureBatch(
                new PromptBatch(FIXTURE.floats("x"), lengths, tokens, LAYOUT.hidden()),
                modality,
                TokenBatch.of(List.of(new int[] {0}, new int[] {0}, new int[] {0})));
        float[] theta = FIXTURE.floats("theta");

        assertArrayEquals(
                FIXTURE.floats("adapted"), adapters.forward(theta, batch).embeds(), 1e-5f);

        List<float[]> gradients = Batches.gradients(adapters, theta, batch, FIXTURE.floats("d_adapted"), 1);
        DiagonalFisher fisher = new DiagonalFisher(theta.length);
        for (int b = 0; b < gradients.size(); b++) {
            assertArrayEquals(
                    Fixture.floats(FIXTURE.json().get("sample_gradients").get(b)), gradients.get(b), 1e-5f);
            fisher.add(gradients.get(b));
        }
        assertArrayEquals(FIXTURE.floats("fisher"), fisher.mean(), 1e-5f);
    }
}
