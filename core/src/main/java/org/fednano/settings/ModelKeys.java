package org.fednano.settings;

import java.nio.file.Path;
import java.util.List;

/** The model folder, the prompt and the tensor engine. */
public final class ModelKeys {

    public static final Setting<String> DIR = Setting.ofText(
            "model.dir",
            "conf/models/nano-llava",
            "Model folder in Hugging Face layout (encoder, connector, LLM, tokenizer).");
    public static final Setting<List<String>> ENCODERS = Setting.ofList(
            "model.encoders",
            List.of(),
            "Further encoders as name=DIR, each a folder with a TorchScript module and its connector; image=DIR replaces"
                    + " the model's own vision tower.");
    public static final Setting<String> PROMPT = Setting.ofText(
                    "prompt.template",
                    "auto",
                    "Prompt text; {image}, {context}, {question} and {choices} are filled in. auto: the model's own chat template.")
            .pinned();
    public static final Setting<String> PROMPT_USER = Setting.ofText(
                    "prompt.user",
                    "{question}",
                    "User's turn in the chat template, behind the media; {context}, {question} and {choices} are filled in.")
            .pinned();
    public static final Setting<Integer> MAX_PROMPT_TOKENS = Setting.ofInt(
                    "prompt.max_tokens",
                    1024,
                    8,
                    1 << 20,
                    "Longer prompts are cut on the right, with a counted warning.")
            .pinned();
    public static final Setting<Integer> MAX_NEW_TOKENS = Setting.ofInt(
            "eval.max_new_tokens", 8, 1, 4096, "Tokens generated for a fill-in-the-blank answer, at most.");
    public static final Setting<Integer> EVAL_BATCH = Setting.ofInt(
            "eval.batch_size", 32, 1, 4096, "Samples per endpoint call when answers are scored or generated.");
    public static final Setting<Boolean> ENCODER_CACHE = Setting.ofSwitch(
            "encoder.cache", true, "Cache encoder features on disk once; off: encode inside every round.");
    public static final Setting<Integer> ENCODER_BATCH = Setting.ofInt(
                    "encoder.batch_size", 32, 1, 4096, "Media per encoder call; part of the features' fingerprint.")
            .pinned();
    public static final Setting<Integer> THREADS = Setting.ofInt(
            "engine.threads",
            0,
            0,
            1024,
            "Threads of one tensor operation in the driver's JVM. 0: one in a job, whose clients run side by side on all cores;"
                    + " half of the cores in 'endpoint serve', which runs two requests at once; all in 'align' and 'pretrain'. Part of what repeats a run bit for bit.");
    static final List<Setting<?>> ALL = List.of(
            DIR,
            ENCODERS,
            PROMPT,
            PROMPT_USER,
            MAX_PROMPT_TOKENS,
            MAX_NEW_TOKENS,
            EVAL_BATCH,
            ENCODER_CACHE,
            ENCODER_BATCH,
            THREADS);

    private ModelKeys() {}

    /** Folder of {@link #DIR}. The project's own model, its default, is found from any working directory. */
    public static Path folder(Settings settings) {
        Path folder = Path.of(settings.get(DIR));
        String home = System.getProperty("fednano.home"); // as the entry script says it
        boolean shipped = home != null && folder.equals(Path.of(DIR.defaultValue()));
        return shipped ? Path.of(home).resolve(folder) : folder;
    }
}
