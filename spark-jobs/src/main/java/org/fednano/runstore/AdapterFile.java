package org.fednano.runstore;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.fednano.adapter.AdapterLayout;
import org.fednano.adapter.AdapterLayout.Modality;
import org.fednano.adapter.AdapterLayout.Tensor;
import org.fednano.settings.JobException;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.SafeTensors;
import org.fednano.weights.SafeTensorsWriter;

/**
 * A global adapter as the bytes of its {@code adapter.safetensors}: tensors {@code image.down}, {@code image.up},
 * {@code text.down}, {@code text.up} (those that the run trains), F32, with round, hidden, rank, alpha and modalities as
 * metadata. The same round, layout and values always give the same bytes. Immutable.
 */
public final class AdapterFile {

    private final int round;
    private final AdapterLayout layout;
    private final float[] theta;
    private final byte[] bytes;
    private final String sha256;

    private AdapterFile(int round, AdapterLayout layout, float[] theta, byte[] bytes) {
        this.round = round;
        this.layout = layout;
        this.theta = theta;
        this.bytes = bytes;
        this.sha256 = Json.sha256(bytes);
    }

    /** The adapter θ after {@code round}; {@code theta} holds {@code layout.size()} values and is not copied. */
    public static AdapterFile of(int round, AdapterLayout layout, float[] theta) {
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
        Map<String, String> metadata = Map.of(
                "content", "fednano-adapter-1",
                "round", String.valueOf(round),
                "hidden", String.valueOf(layout.hidden()),
                "rank", String.valueOf(layout.rank()),
                "alpha", String.valueOf(layout.alpha()),
                "modalities", modalities(layout.modalities()));
        return new AdapterFile(round, layout, theta, SafeTensorsWriter.bytes(tensors, metadata));
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
            layout = AdapterLayout.of(
                    which(metadata.getOrDefault("modalities", "")),
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
        return new AdapterFile(round, layout, theta, bytes);
    }

    private static String modalities(List<Modality> modalities) {
        return modalities.stream().map(Modality::name).collect(Collectors.joining(","));
    }

    private static String which(String modalities) {
        return modalities.equals("image,text") ? "both" : modalities;
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

    /** The file's bytes; not to be changed. */
    public byte[] bytes() {
        return bytes;
    }

    /** SHA-256 of the file's bytes, hexadecimal: the column {@code adapter_sha256}. */
    public String sha256() {
        return sha256;
    }
}
