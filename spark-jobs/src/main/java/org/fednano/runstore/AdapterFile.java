package org.fednano.runstore;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.fednano.adapter.AdapterLayout;
import org.fednano.adapter.AdapterLayout.Modality;
import org.fednano.adapter.AdapterLayout.Tensor;
import org.fednano.digest.Sha256;
import org.fednano.sample.PromptFeatures;
import org.fednano.settings.JobException;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.SafeTensors;
import org.fednano.weights.SafeTensorsWriter;

/**
 * A global adapter as the bytes of its {@code adapter.safetensors}: for each modality that the run trains two tensors,
 * such as {@code image.down} and {@code image.up}, F32, with round, hidden, rank, alpha and modalities as metadata, and
 * the modalities' indices where there are others than image and text. What the method's server keeps from round to round
 * stands beside them as {@code server.NAME} (d). The same round, layout and values always give the same bytes. Immutable.
 */
public final class AdapterFile {

    /** Modalities whose indices go without saying, as in the first version's files. */
    private static final Map<String, Byte> KNOWN = Map.of("image", PromptFeatures.IMAGE, "text", PromptFeatures.TEXT);

    private static final String SERVER = "server.";

    private final int round;
    private final AdapterLayout layout;
    private final float[] theta;
    private final Map<String, float[]> state;
    private final byte[] bytes;
    private final String sha256;

    private AdapterFile(int round, AdapterLayout layout, float[] theta, Map<String, float[]> state, byte[] bytes) {
        this.round = round;
        this.layout = layout;
        this.theta = theta;
        this.state = Map.copyOf(state);
        this.bytes = bytes;
        this.sha256 = Sha256.of(bytes);
    }

    /** The adapter θ after {@code round}; {@code theta} holds {@code layout.size()} values and is not copied. */
    public static AdapterFile of(int round, AdapterLayout layout, float[] theta) {
        return of(round, layout, theta, Map.of());
    }

    /** The same with what the server keeps, by name; {@code layout.size()} values each. */
    public static AdapterFile of(int round, AdapterLayout layout, float[] theta, Map<String, float[]> state) {
        if (theta.length != layout.size()) {
            throw new IllegalArgumentException("An adapter of " + layout + " holds " + layout.size() + " values: got "
                    + theta.length + " (round " + round + ")");
        }
        Map<String, FloatTensor> tensors = new LinkedHashMap<>();
        for (Tensor t : layout.tensors()) {
            float[] values = new float[t.size()];
            System.arraycopy(theta, t.offset(), values, 0, t.size());
            tensors.put(t.name(), new FloatTensor(values, t.rows(), t.columns()));
        }
        new TreeMap<>(state)
                .forEach((name, values) -> tensors.put(SERVER + name, new FloatTensor(values, values.length)));
        Map<String, String> metadata = new LinkedHashMap<>(Map.of(
                "content", "fednano-adapter-1",
                "round", String.valueOf(round),
                "hidden", String.valueOf(layout.hidden()),
                "rank", String.valueOf(layout.rank()),
                "alpha", String.valueOf(layout.alpha()),
                "modalities", joined(layout, Modality::name)));
        if (!KNOWN.keySet()
                .containsAll(layout.modalities().stream().map(Modality::name).toList())) {
            metadata.put("indices", joined(layout, m -> String.valueOf(m.index())));
        }
        return new AdapterFile(round, layout, theta, state, SafeTensorsWriter.bytes(tensors, metadata));
    }

    /**
     * Reads the file back.
     *
     * @param where its name, for messages
     * @throws JobException status 3 if it is not such a file
     */
    public static AdapterFile parse(byte[] bytes, String where) {
        SafeTensors file = SafeTensors.of(bytes, where);
        Map<String, String> metadata = file.metadata();
        AdapterLayout layout;
        int round;
        try {
            layout = new AdapterLayout(
                    modalities(metadata),
                    Integer.parseInt(metadata.get("hidden")),
                    Integer.parseInt(metadata.get("rank")),
                    Double.parseDouble(metadata.getOrDefault("alpha", "")));
            round = Integer.parseInt(metadata.get("round"));
        } catch (IllegalArgumentException e) {
            throw JobException.badInput(
                    where + " must be an adapter with round, hidden, rank, alpha and modalities as metadata: found "
                            + metadata + ". It is not a file of this project, or it is damaged.",
                    e);
        }
        float[] theta = new float[layout.size()];
        for (Tensor t : layout.tensors()) {
            float[] values = file.tensor(t.name(), t.rows(), t.columns()).values();
            System.arraycopy(values, 0, theta, t.offset(), t.size());
        }
        Map<String, float[]> state = new TreeMap<>();
        for (String name : file.names()) {
            if (name.startsWith(SERVER)) {
                state.put(
                        name.substring(SERVER.length()),
                        file.tensor(name, layout.size()).values());
            }
        }
        return new AdapterFile(round, layout, theta, state, bytes);
    }

    private static String joined(AdapterLayout layout, Function<Modality, String> part) {
        return layout.modalities().stream().map(part).collect(Collectors.joining(","));
    }

    private static List<Modality> modalities(Map<String, String> metadata) {
        String[] names = metadata.getOrDefault("modalities", "").split(",", -1);
        String[] indices = metadata.containsKey("indices")
                ? metadata.get("indices").split(",", -1)
                : Arrays.stream(names).map(n -> String.valueOf(KNOWN.get(n))).toArray(String[]::new);
        if (names.length != indices.length || Set.of(names).size() != names.length) {
            throw new IllegalArgumentException("An index for each name");
        }
        List<Modality> modalities = new ArrayList<>();
        for (int m = 0; m < names.length; m++) {
            modalities.add(new Modality(names[m], Byte.parseByte(indices[m])));
        }
        return modalities;
    }

    /** Rounds that made it; 0 is the initial adapter. */
    public int round() {
        return round;
    }

    public AdapterLayout layout() {
        return layout;
    }

    /** θ, {@code layout().size()} values; not to be changed. */
    public float[] theta() {
        return theta;
    }

    /** What the method's server keeps, by name, {@code layout().size()} values each; not to be changed. */
    public Map<String, float[]> state() {
        return state;
    }

    /** The adapter alone, as it is taken away. */
    public AdapterFile withoutState() {
        return state.isEmpty() ? this : of(round, layout, theta);
    }

    /** The file's bytes; not to be changed. */
    public byte[] bytes() {
        return bytes;
    }

    /** SHA-256 of the file's bytes, hexadecimal: the column {@code adapter_sha256}. */
    public String sha256() {
        return sha256;
    }
}
