package org.fednano.align;

import java.nio.file.Path;
import java.util.Locale;
import org.fednano.encoder.connector.ConnectorLayout;
import org.fednano.llm.FrozenLlm;
import org.fednano.settings.AlignKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.SharedShards;

/**
 * The README.md of an encoder folder.
 *
 * @param chosen held-out samples that are answered right
 * @param threads of a tensor operation
 */
record AlignCard(
        Settings settings,
        ConnectorLayout layout,
        FrozenLlm llm,
        SharedShards shards,
        AlignData data,
        AlignState state,
        AlignLoop.Chosen chosen,
        int threads) {

    String text() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                """
                # %s for %s

                An encoder with a connector to a language model, made by `fednano align`: encoder and language model stayed as
                they were, the connector's %,d parameters were trained on answers about media. It understands what those
                answers were about, and serves this language model alone (`connector.json` tells it by its embeddings).
                Encoder and pictures keep the licences that they came with.

                ```
                model.encoders = ["%s=%s"]
                ```

                | what | value |
                | --- | --- |
                """,
                Path.of(settings.get(AlignKeys.ENCODER)).getFileName(),
                llm.info().name(),
                layout.size(),
                settings.get(AlignKeys.MODALITY),
                settings.get(AlignKeys.OUT)));
        row(text, "connector", layout.linear() ? "linear" : "two layers, " + ConnectorLayout.ACTIVATION + " between");
        row(
                text,
                "features, inner width, hidden size",
                layout.width() + ", " + layout.inner() + ", " + layout.hidden());
        row(text, "language model (fingerprint)", "`" + llm.info().fingerprint() + "`");
        row(text, "shards (SHA-256 of manifest.json)", "`" + shards.fingerprint() + "`");
        row(text, "distinct media", data.media());
        row(
                text,
                "samples to train on, to validate on",
                data.train().size() + ", " + data.held().size());
        row(text, "start", settings.get(AlignKeys.START));
        row(text, "steps of " + settings.get(AlignKeys.BATCH) + " samples", state.step);
        row(text, "best step", state.bestStep);
        row(text, "AdamW peak step size", settings.get(AlignKeys.LEARNING_RATE));
        row(text, "seed, threads", settings.get(AlignKeys.SEED) + ", " + threads);
        row(text, "training time", String.format(Locale.ROOT, "%.1f minutes", state.seconds / 60));
        row(text, "held-out loss at the start", String.format(Locale.ROOT, "%.4f", state.startLoss));
        row(text, "held-out loss at the best step", String.format(Locale.ROOT, "%.4f", state.bestLoss));
        if (chosen.of() > 0) {
            row(text, "held-out choices answered right", chosen.right() + " of " + chosen.of());
        }
        return text.toString();
    }

    private static void row(StringBuilder text, String name, Object value) {
        text.append("| ").append(name).append(" | ").append(value).append(" |\n");
    }
}
