package org.fednano.encoder;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.prompt.PromptStyle;
import org.fednano.prompt.TokenizerFile;
import org.fednano.sample.Medium;
import org.fednano.sample.PromptFeatures;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.Settings;
import org.fednano.weights.Digests;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.ModelType;

/**
 * All of a client's frozen part but its weights: small, and the same for every client. Together with {@link #sources} it
 * makes a {@link NanoEdge} anywhere.
 *
 * @param configJson text of {@code config.json}
 * @param tokenizerJson text of {@code tokenizer.json}, with all added tokens
 * @param prompt how prompts are written
 * @param maxPromptTokens longer prompts are cut on the right
 * @param batchSize media per encoder call
 * @param encoders the encoder of each modality but text; that of pictures first
 */
public record NanoEdgeSpec(
        String configJson,
        String tokenizerJson,
        PromptStyle prompt,
        int maxPromptTokens,
        int batchSize,
        List<EncoderSpec> encoders)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Name of the modality without an encoder. */
    public static final String TEXT = "text";

    public NanoEdgeSpec {
        encoders = List.copyOf(encoders);
    }

    /**
     * Reads a model folder and those of {@code model.encoders}.
     *
     * @throws JobException with status 3 if a file is missing or corrupt, 2 if the setting is wrong
     */
    public static NanoEdgeSpec of(HfModelFolder folder, Settings settings) {
        Map<String, Path> further = AdditionalEncoders.of(settings);
        List<EncoderSpec> encoders = new ArrayList<>();
        if (hasOwnVision(folder, further)) {
            encoders.add(HfVisionSpec.of(folder));
        }
        further.forEach((modality, path) ->
                encoders.add(modality.equals(Medium.IMAGE) ? 0 : encoders.size(), TorchScriptSpec.of(modality, path)));
        return new NanoEdgeSpec(
                folder.text("config.json"),
                TokenizerFile.of(folder).json(),
                PromptStyle.of(folder, settings),
                settings.get(ModelKeys.MAX_PROMPT_TOKENS),
                settings.get(ModelKeys.ENCODER_BATCH),
                encoders);
    }

    /** Where the weights of {@link #encoders} lie, by modality. */
    public static Map<String, EncoderSource> sources(HfModelFolder folder, Settings settings) {
        Map<String, Path> further = AdditionalEncoders.of(settings);
        Map<String, EncoderSource> sources = new LinkedHashMap<>();
        if (hasOwnVision(folder, further)) {
            sources.put(Medium.IMAGE, HfVisionSpec.source(folder));
        }
        further.forEach((modality, path) -> sources.put(modality, TorchScriptSpec.source(path)));
        return sources;
    }

    /**
     * An encoder of {@code model.encoders} as its folder describes it.
     *
     * @param tokens N: prompt tokens of one medium
     * @param source its weights
     */
    public record Further(String modality, Path folder, int tokens, EncoderSource source) {

        /**
         * Checks that its connector gives what an LLM takes.
         *
         * @param hidden H of the LLM
         * @param llm its name, for the message
         * @throws JobException with status 3 if not
         */
        public void requireFits(int hidden, String llm) {
            if (source.hidden() != hidden) {
                throw JobException.badInput("The connector in " + folder + " (modality '" + modality
                        + "' of model.encoders) must give what the LLM takes: expected H = " + hidden + " for " + llm
                        + ", found " + source.hidden() + ". Name a folder that was made for this LLM.");
            }
        }
    }

    /**
     * Those of {@code model.encoders}, in its order, checked but for what is in their module; its weights are not read.
     *
     * @throws JobException as {@link #of}
     */
    public static List<Further> further(Settings settings) {
        List<Further> encoders = new ArrayList<>();
        AdditionalEncoders.of(settings)
                .forEach((modality, path) -> encoders.add(new Further(
                        modality, path, TorchScriptSpec.look(modality, path).tokens(), TorchScriptSpec.source(path))));
        return encoders;
    }

    /** Folders of {@code model.encoders} by modality, as the setting names them. */
    public static Map<String, Path> encoderFolders(Settings settings) {
        return AdditionalEncoders.of(settings);
    }

    /** SHA-256, in hexadecimal, over all that a modality's features depend on besides batch size. */
    public Map<String, String> encoderFingerprints() {
        Map<String, String> fingerprints = new LinkedHashMap<>();
        encoders.forEach(encoder -> fingerprints.put(encoder.modality(), Digests.ofTexts(encoder.identity())));
        return fingerprints;
    }

    /**
     * Checks that all connectors give what an LLM takes.
     *
     * @param hidden H of the LLM
     * @param llm its name, for the message
     * @throws JobException with status 3, naming the folder of the one that does not
     */
    public static void requireWidth(HfModelFolder folder, Settings settings, int hidden, String llm) {
        List<Further> further = further(settings);
        if (hasOwnVision(folder, AdditionalEncoders.of(settings))) {
            long found = HfVisionSpec.source(folder).hidden();
            if (found != hidden) {
                throw JobException.badInput("The projector in " + folder.folder() + " must give what the LLM takes:"
                        + " expected H = " + hidden + " for " + llm + ", found " + found
                        + ". Set model.dir to the folder of the LLM's own multimodal model, or llm.endpoints to a server"
                        + " that holds its LLM.");
            }
        }
        further.forEach(encoder -> encoder.requireFits(hidden, llm));
    }

    /** A folder with a language model alone has no encoder of its own. */
    private static boolean hasOwnVision(HfModelFolder folder, Map<String, Path> further) {
        return folder.type() == ModelType.LLAVA && !further.containsKey(Medium.IMAGE);
    }

    /** The same with those encoders only that were exported: what their modules do shows in use alone. */
    public NanoEdgeSpec exported() {
        return new NanoEdgeSpec(
                configJson,
                tokenizerJson,
                prompt,
                maxPromptTokens,
                batchSize,
                encoders.stream().filter(TorchScriptSpec.class::isInstance).toList());
    }

    /**
     * Checks the tokenizer against the LLM that is really served.
     *
     * @param rows of its embedding table
     * @throws JobException with status 3 if the tokenizer has larger ids
     */
    public void requireFits(int rows) {
        TokenizerFile.parse(tokenizerJson)
                .requireFits(
                        rows, HfModelFolder.json(configJson, Path.of("config.json")), "the tokenizer of model.dir");
    }

    /**
     * Names of the modalities with the index that marks their tokens in {@code PromptFeatures.modality}: image 0, text 1,
     * then those of further encoders in order.
     */
    public Map<String, Byte> modalities() {
        Map<String, Byte> indices = new LinkedHashMap<>();
        if (encoders.stream().anyMatch(e -> e.modality().equals(Medium.IMAGE))) {
            indices.put(Medium.IMAGE, PromptFeatures.IMAGE);
        }
        indices.put(TEXT, PromptFeatures.TEXT);
        byte next = PromptFeatures.TEXT + 1;
        for (EncoderSpec encoder : encoders) {
            if (!encoder.modality().equals(Medium.IMAGE)) {
                indices.put(encoder.modality(), next++);
            }
        }
        return Collections.unmodifiableMap(indices);
    }

    /**
     * SHA-256, in hexadecimal, over all that features depend on besides the LLM's own embedding table: encoders,
     * connectors, preprocessing, tokenizer, template, and batch size (kernels round differently with their shape). Hashed
     * are texts, each behind its length: a version, {@code config.json}, {@code tokenizer.json}, the prompt's identity,
     * {@code prompt.max_tokens}, the batch size, then for each encoder its modality and its own identity.
     */
    public String fingerprint() {
        List<String> parts = new ArrayList<>(List.of(
                "features 2",
                configJson,
                tokenizerJson,
                prompt.identity(),
                String.valueOf(maxPromptTokens),
                String.valueOf(batchSize)));
        for (EncoderSpec encoder : encoders) {
            parts.add(encoder.modality());
            parts.addAll(encoder.identity());
        }
        return Digests.ofTexts(parts);
    }

    /**
     * Key of cached features: this frozen part together with the LLM whose embedding rows stand on text tokens.
     *
     * @param llmFingerprint as in {@code LlmInfo}
     */
    public String featureKey(String llmFingerprint) {
        return Digests.ofTexts(List.of(fingerprint(), llmFingerprint));
    }
}
