package org.fednano.align;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.fednano.encoder.connector.ConnectorLayout;
import org.fednano.encoder.connector.StepSize;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.optimizer.OptimizerSpec;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.weights.HfModelFolder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two steps of the training against PyTorch's in float64 ({@code make_align.py}). */
class AlignStepParityTest {

    private static final Path PARITY = Path.of("src/test/resources/parity");

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void twoStepsMatchPyTorch(int index) throws Exception {
        JsonNode fixture =
                new ObjectMapper().readTree(PARITY.resolve("align.json").toFile());
        JsonNode expected = fixture.get("cases").get(index);
        ConnectorLayout layout = new ConnectorLayout(
                fixture.get("width").asInt(),
                expected.get("name").asText().equals("mlp")
                        ? fixture.get("inner").asInt()
                        : 0,
                fixture.get("hidden").asInt());
        OptimizerSpec spec = new OptimizerSpec(
                "adamw", 1, 0.9, 0.999, 1e-8, fixture.get("weight_decay").asDouble(), 0);
        try (EmbeddedLlm llm = EmbeddedLlm.open(HfModelFolder.open(PARITY.resolve("qwen2")))) {
            AlignBatch batch = batch(fixture, llm);
            AlignState state = AlignState.begin(floats(expected.get("start")), spec, 0);
            for (int s = 0; s < 2; s++) {
                double rate = fixture.get("rates").get(s).asDouble();
                AlignPlan plan = new AlignPlan(
                        1000,
                        3,
                        new StepSize(rate, 1_000_000_000, 0), // as good as constant
                        spec,
                        fixture.get("max_norm").asDouble(),
                        1,
                        0,
                        1,
                        4);
                double loss = new AlignLoop(plan, layout, null, null, llm, line -> {}).step(state, batch);
                assertEquals(expected.get("losses").get(s).asDouble(), loss, 5e-6 * loss, "loss " + s);
                float[] theta = floats(expected.get("theta").get(s));
                for (int i = 0; i < theta.length; i++) {
                    // AdamW's first step is rate · sign(g): a gradient at 0 up to rounding may go either way.
                    assertEquals(theta[i], state.theta[i], 2e-3 * rate, "step " + s + ", parameter " + i);
                }
            }
        }
    }

    private static AlignBatch batch(JsonNode fixture, EmbeddedLlm llm) {
        List<int[]> prompts = ints(fixture.get("prompts"));
        int hidden = llm.info().hidden();
        int tokens = prompts.stream().mapToInt(p -> p.length).max().orElseThrow();
        float[] embeds = new float[prompts.size() * tokens * hidden];
        IntStream.Builder places = IntStream.builder();
        for (int b = 0; b < prompts.size(); b++) {
            int[] prompt = prompts.get(b);
            float[] rows = llm.embed(prompt); // zeros for -1
            System.arraycopy(rows, 0, embeds, b * tokens * hidden, rows.length);
            for (int t = 0; t < prompt.length; t++) {
                if (prompt[t] == AlignSample.MEDIUM) {
                    places.add(b * tokens + t);
                }
            }
        }
        int[] lengths = prompts.stream().mapToInt(p -> p.length).toArray();
        return new AlignBatch(
                floats(fixture.get("features")),
                places.build().toArray(),
                new PromptBatch(embeds, lengths, tokens, hidden),
                TokenBatch.of(ints(fixture.get("answers"))));
    }

    private static List<int[]> ints(JsonNode lists) {
        List<int[]> all = new ArrayList<>();
        for (JsonNode list : lists) {
            all.add(IntStream.range(0, list.size())
                    .map(i -> list.get(i).asInt())
                    .toArray());
        }
        return all;
    }

    private static float[] floats(JsonNode list) {
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) list.get(i).asDouble();
        }
        return values;
    }
}
