package org.fednano.pretrain;

import java.util.Locale;
import java.util.Map;
import org.fednano.settings.PretrainKeys;
import org.fednano.settings.Settings;

/**
 * The README.md of a model folder.
 *
 * @param settings how it was trained
 * @param trainingSamples distinct samples
 * @param shardsFingerprint SHA-256 of the shards' manifest
 * @param parameters float32 values in model.safetensors
 * @param threads threads of a tensor operation
 * @param minutes wall time of the training
 * @param accuracy by skill, the empty name for all, on {@code tested}
 */
record ModelCard(
        Settings settings,
        int trainingSamples,
        String shardsFingerprint,
        long parameters,
        int threads,
        double minutes,
        Map<String, HeldOut.Accuracy> accuracy) {

    /** The card in Markdown. */
    String text() {
        StringBuilder text = new StringBuilder(
                """
                ---
                license: apache-2.0
                pipeline_tag: image-text-to-text
                ---

                # nano-llava

                A LLaVA model small enough to ship with its project: a CLIP-style vision transformer, a two-layer connector and a
                LLaMA-style decoder, %,d float32 parameters in all, in the Hugging Face layout of LLaVA. It answers short questions
                about 48 x 48 pictures of coloured shapes (IconWorld, base world) and stands in for a large multimodal LLM where
                federated tuning is tried, tested or shown. It knows nothing else: do not expect answers about photographs.

                ## How it was made

                `fednano pretrain` trained all parts together from random weights; the loss is the mean negative log-likelihood of
                the answer's tokens and the end token. The same shards, settings and threads give the same weights again.

                | what | value |
                | --- | --- |
                """
                        .formatted(parameters));
        row(text, "training samples (distinct)", String.format(Locale.ROOT, "%,d", trainingSamples));
        row(text, "samples seen in all", String.format(Locale.ROOT, "%,d", settings.get(PretrainKeys.SAMPLES)));
        row(text, "batch size", settings.get(PretrainKeys.BATCH));
        row(text, "step-size cycles", settings.get(PretrainKeys.CYCLES));
        row(text, "weight of the loss on the question's tokens", settings.get(PretrainKeys.QUESTION_WEIGHT));
        row(text, "AdamW peak step size", settings.get(PretrainKeys.LEARNING_RATE));
        row(text, "seed", settings.get(PretrainKeys.SEED));
        row(text, "threads", threads);
        row(text, "wall time", String.format(Locale.ROOT, "%.1f minutes", minutes));
        row(text, "prompt template", "`" + Training.template(settings).replace("\n", "\\n") + "`");
        row(text, "shards (SHA-256 of manifest.json)", "`" + shardsFingerprint + "`");
        text.append(
                """

                ## Accuracy on held-out samples

                Choices by mean log-likelihood, free answers by greedy generation and exact match, on the test split of the same
                world.

                | skill | right | samples | accuracy |
                | --- | ---: | ---: | ---: |
                """);
        accuracy.forEach((skill, a) -> {
            if (!skill.isEmpty()) {
                accuracyRow(text, skill, a);
            }
        });
        accuracyRow(text, "all", accuracy.get(""));
        return text.toString();
    }

    private static void row(StringBuilder text, String name, Object value) {
        text.append("| ").append(name).append(" | ").append(value).append(" |\n");
    }

    private static void accuracyRow(StringBuilder text, String name, HeldOut.Accuracy a) {
        text.append(
                String.format(Locale.ROOT, "| %s | %d | %d | %.1f %% |%n", name, a.right(), a.samples(), a.percent()));
    }
}
