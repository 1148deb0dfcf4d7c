package org.fednano.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.fednano.encoder.EncoderSource;
import org.fednano.encoder.NanoEdge;
import org.fednano.encoder.NanoEdgeSpec;
import org.fednano.llm.model.DecoderTensors;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.llm.model.LlamaConfig;
import org.fednano.sample.Medium;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.TensorSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tensors of a checkpoint each side reads: the client none of the language model, the endpoint nothing else. */
class ReadTensorsTest {

    private static final Path FIXTURES = Path.of("src", "test", "resources", "parity");

    /** Notes what is read. */
    private record Watched(TensorSource source, Map<String, Long> values) implements TensorSource {

        @Override
        public SortedSet<String> names() {
            return source.names();
        }

        @Override
        public long[] shape(String name) {
            return source.shape(name);
        }

        @Override
        public void read(String name, long from, FloatBuffer target) {
            values.merge(name, (long) target.remaining(), Long::sum);
            source.read(name, from, target);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sharded", "mistral", "tied", "qwen2"})
    void theEndpointReadsEachValueOfTheLanguageModelOnceAndNothingElse(String name) {
        HfModelFolder folder = HfModelFolder.open(FIXTURES.resolve(name));
        LlamaConfig config = LlamaConfig.of(folder);
        Map<String, Long> expected = new TreeMap<>();
        DecoderTensors.shapes(config).keySet().forEach(tensor -> expected.put(tensor, folder.size(tensor)));
        Watched watched = new Watched(folder, new TreeMap<>());
        new EmbeddedLlm(name, "none", config, watched).close();
        assertEquals(expected, watched.values());
        assertTrue(expected.keySet().stream().allMatch(tensor -> tensor.startsWith("language_model.")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"sharded", "mistral", "siglip-qwen2"})
    void theClientReadsOnlyTowerAndProjector(String name) {
        HfModelFolder folder = HfModelFolder.open(FIXTURES.resolve(name));
        Settings settings = Settings.defaults();
        NanoEdgeSpec spec = NanoEdgeSpec.of(folder, settings);
        Watched watched = new Watched(
                NanoEdgeSpec.sources(folder, settings).get(Medium.IMAGE).tensors(), new TreeMap<>());
        new NanoEdge(spec, Map.of(Medium.IMAGE, new EncoderSource(watched, null))).close();
        Set<String> prefixes = new TreeSet<>();
        watched.values().keySet().forEach(tensor -> prefixes.add(tensor.substring(0, tensor.indexOf('.'))));
        assertEquals(Set.of("multi_modal_projector", "vision_tower"), prefixes);
        assertTrue(watched.names().stream().noneMatch(tensor -> tensor.startsWith("language_model.")));
    }
}
