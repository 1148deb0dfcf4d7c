package org.fednano.encoder;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.TensorSource;

/**
 * All of a client's frozen part but its weights: small, and the same for every client. Together with the
 * {@link #tensors} it makes a {@link NanoEdge} anywhere.
 *
 * @param configJson text of {@code config.json}
 * @param preprocessorJson text of {@code preprocessor_config.json}
 * @param tokenizerJson text of {@code tokenizer.json}
 * @param template prompt template
 * @param maxPromptTokens longer prompts are cut on the right
 * @param batchSize pictures per encoder call
 * @param weightsDigest SHA-256 over the tensors
 */
public record NanoEdgeSpec(
        String configJson,
        String preprocessorJson,
        String tokenizerJson,
        String template,
        int maxPromptTokens,
        int batchSize,
        String weightsDigest)
        implements Serializable {

    /**
     * Reads a model folder.
     *
     * @throws JobException with status 3 if a file is missing or corrupt
     */
    public static NanoEdgeSpec of(HfModelFolder folder, Settings settings) {
        return new NanoEdgeSpec(
                folder.text("config.json"),
                folder.text("preprocessor_config.json"),
                folder.text("tokenizer.json"),
                settings.get(ModelKeys.PROMPT),
                settings.get(ModelKeys.MAX_PROMPT_TOKENS),
                settings.get(ModelKeys.ENCODER_BATCH),
                digest(tensors(folder)));
    }

    /** The tensors that a client needs: vision tower and connector, nothing of the LLM. */
    public static TensorSource tensors(TensorSource model) {
        return model.only(VisionTower.TOWER, VisionTower.PROJECTOR);
    }

    /**
     * SHA-256, in hexadecimal, over all that features depend on besides the LLM's own embedding table: encoder,
     * connector, preprocessing, tokenizer, template, and batch size (kernels round differently with their shape).
     */
    public String fingerprint() {
        return sha256(
                "features 1",
                configJson,
                preprocessorJson,
                tokenizerJson,
                template,
                String.valueOf(maxPromptTokens),
                String.valueOf(batchSize),
                weightsDigest);
    }

    /**
     * Key of cached features: this frozen part together with the LLM whose embedding rows stand on text tokens.
     *
     * @param llmFingerprint as in {@code LlmInfo}
     */
    public String featureKey(String llmFingerprint) {
        return sha256(fingerprint(), llmFingerprint);
    }

    private static String digest(TensorSource tensors) {
        MessageDigest digest = sha256();
        ByteBuffer bytes = ByteBuffer.allocate(4 << 16).order(ByteOrder.LITTLE_ENDIAN);
        for (String name : tensors.names()) {
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            long size = tensors.size(name);
            for (long from = 0; from < size; ) {
                int count = (int) Math.min(bytes.capacity() / 4, size - from);
                tensors.read(name, from, bytes.asFloatBuffer().limit(count));
                digest.update(bytes.array(), 0, 4 * count);
                from += count;
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String sha256(String... parts) {
        MessageDigest digest = sha256();
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
