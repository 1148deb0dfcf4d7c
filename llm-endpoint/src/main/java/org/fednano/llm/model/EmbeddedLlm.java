package org.fednano.llm.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.fednano.llm.FrozenLlm;
import org.fednano.llm.LlmException;
import org.fednano.llm.LlmInfo;
import org.fednano.llm.Reason;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.settings.JobException;
import org.fednano.tensor.ArrayOps;
import org.fednano.tensor.NamedTensors;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.TensorSource;

/**
 * The frozen LLM inside this JVM, in float32. Calls run side by side, each in its caller's thread. With the same number of
 * threads per operation the same call gives the same bytes; a sample's results depend on its batch mates by rounding only.
 */
public final class EmbeddedLlm implements FrozenLlm {

    /** Bounds a request's activations: some 10 kB per token and layer in backward at H = 128. */
    static final int MAX_TOKENS = 1 << 17;

    private final LlmInfo info;
    private final LlamaConfig config;
    private final NamedTensors weights;
    private final LlamaDecoder decoder;
    private final RequestChecks checks;

    /**
     * @param name model name, for messages and reports
     * @param fingerprint what its answers depend on, as in {@link LlmInfo}
     * @param config shapes
     * @param tensors the model's tensors; the decoder's are copied into native memory, the others are not touched
     * @throws JobException with status 3 if a tensor is missing or of another shape
     */
    public EmbeddedLlm(String name, String fingerprint, LlamaConfig config, TensorSource tensors) {
        this.config = config;
        checks = new RequestChecks(config, MAX_TOKENS);
        weights = new NamedTensors(DecoderTensors.frozen(config, tensors));
        decoder = LlamaDecoder.frozen(config, weights);
        info = new LlmInfo(
                name,
                fingerprint,
                config.hidden(),
                config.vocabulary(),
                config.layers(),
                "FP32",
                new LlmInfo.Limits(MAX_TOKENS, Integer.MAX_VALUE),
                soundProbe(tensors.origin(LlamaDecoder.EMBEDDINGS)));
    }

    /** Weights that are finite and yet overflow are those of a damaged file, or of a model that needs more than float32. */
    private LlmInfo.Probe soundProbe(String where) {
        try {
            return probe();
        } catch (LlmException e) {
            close();
            throw JobException.badInput(
                    "The weights in " + where + " must give a finite loss on eight tokens: " + e.getMessage()
                            + ". The files are damaged, or the model does not run in float32.",
                    e);
        }
    }

    /** Ids spread over the vocabulary, and the loss that this model has on them. */
    private LlmInfo.Probe probe() {
        int[] prompt = spread(8, 3);
        int[] answer = spread(3, 5);
        float[] loss = loss(
                        new PromptBatch(embed(prompt), new int[] {prompt.length}, prompt.length, config.hidden()),
                        new TokenBatch(answer, answer.length))
                .loss();
        return new LlmInfo.Probe(prompt, answer, loss[0]);
    }

    private int[] spread(int count, int start) {
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            int id = (int) ((start + 7919L * i) % config.vocabulary());
            ids[i] = id == config.imageToken() ? 0 : id;
        }
        return ids;
    }

    /** Arrays in native memory that belong to this model, for tests that nothing leaks. */
    public int nativeArrays() {
        return weights.manager().getManagedArrays().size();
    }

    /**
     * Loads the decoder of a model folder.
     *
     * @throws JobException with status 3 if the folder is missing, corrupt, or of another kind of model
     */
    public static EmbeddedLlm open(HfModelFolder folder) {
        return new EmbeddedLlm(
                String.valueOf(folder.folder().getFileName()),
                folder.fingerprint("FP32"),
                LlamaConfig.of(folder),
                folder);
    }

    @Override
    public LlmInfo info() {
        return info;
    }

    /** Its shapes. */
    public LlamaConfig config() {
        return config;
    }

    @Override
    public float[] embed(int[] ids) {
        int hidden = config.hidden();
        float[] rows = new float[Math.multiplyExact(ids.length, hidden)];
        if (ids.length == 0) {
            return rows;
        }
        long[] indices = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] != TokenBatch.PAD) {
                checks.id(ids[i]);
                indices[i] = ids[i];
            }
        }
        try (NDManager manager = weights.manager().newSubManager()) {
            ArrayOps.rows(decoder.embeddingTable(), manager.create(indices))
                    .toByteBuffer(true)
                    .asFloatBuffer()
                    .get(rows);
        }
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == TokenBatch.PAD) {
                Arrays.fill(rows, i * hidden, (i + 1) * hidden, 0);
            }
        }
        return rows;
    }

    @Override
    public Result lossGradient(PromptBatch prompts, TokenBatch answers, float gradScale) {
        RequestChecks.require(
                gradScale > 0 && Float.isFinite(gradScale), "grad_scale must be positive", "a power of two", gradScale);
        Sequences sequences = Sequences.ofAnswers(prompts, answers, checks, this::embed);
        try (NDManager manager = weights.manager().newSubManager();
                FrozenPass pass = pass(manager, sequences.causal(manager, config.window()), sequences, true)) {
            NDArray logs = logs(pass, sequences, manager); // (M, V)
            NDArray logLikelihood = atTargets(logs, sequences); // (M, 1)
            NDArray d = logsBackward(logs, logLikelihood, sequences, gradScale);
            NDArray gradient = pass.backward(sequences.places(d));
            return finite(
                    sequences.result(logLikelihood.toFloatArray(), sequences.promptRows(gradient.toFloatArray())));
        }
    }

    /** Gradient (M, H) of −Σ of each answer's mean log-likelihood, times the scale: w (softmax − 1 at the target), times W. */
    private NDArray logsBackward(NDArray logs, NDArray logLikelihood, Sequences sequences, float gradScale) {
        NDManager manager = logs.getManager();
        NDArray w = manager.create(sequences.meanWeights(gradScale), logLikelihood.getShape());
        NDArray atTarget = logLikelihood.exp().sub(1).muli(w);
        NDArray d = logs.exp().muli(w).scatter(targets(manager, sequences), atTarget, 1);
        return decoder.logitsBackward(d);
    }

    @Override
    public Result loss(PromptBatch prompts, TokenBatch answers) {
        Sequences sequences = Sequences.ofAnswers(prompts, answers, checks, this::embed);
        try (NDManager manager = weights.manager().newSubManager();
                FrozenPass pass = pass(manager, sequences.causal(manager, config.window()), sequences, false)) {
            return finite(sequences.result(
                    atTargets(logs(pass, sequences, manager), sequences).toFloatArray(), new float[0]));
        }
    }

    /** NaN or infinity is this side's failure, and says so: a caller must never mistake it for a gradient. */
    private static Result finite(Result result) {
        for (int b = 0; b < result.loss().length; b++) {
            int wide = result.gradient().length / result.loss().length;
            if (!Float.isFinite(result.loss()[b])
                    || Finite.firstOther(result.gradient(), b * wide, (b + 1) * wide) >= 0) {
                throw new LlmException(
                        Reason.NONFINITE_OUTPUT,
                        "Loss and gradient must be finite: they are not for sample " + b + " of "
                                + result.loss().length);
            }
        }
        return result;
    }

    @Override
    public Scores score(PromptBatch prompts, int[][][] choices) {
        Sequences sequences = Sequences.ofChoices(prompts, choices, checks, this::embed);
        try (NDManager manager = weights.manager().newSubManager();
                FrozenPass pass = pass(manager, sequences.ownChoice(manager, config.window()), sequences, false)) {
            return sequences.scores(
                    atTargets(logs(pass, sequences, manager), sequences).toFloatArray());
        }
    }

    private FrozenPass pass(NDManager manager, LlamaDecoder.Tokens tokens, Sequences sequences, boolean gradient) {
        return new FrozenPass(decoder, manager, tokens, sequences.places(manager, config.window()), gradient);
    }

    /** Log-probabilities (M, V) at the counted tokens' places, in the order of {@code sequences}. */
    private NDArray logs(FrozenPass pass, Sequences sequences, NDManager manager) {
        NDArray hidden = pass.forward(sequences.embeds(manager)); // (B, P, H)
        return decoder.logits(sequences.counted(hidden)).logSoftmax(-1);
    }

    /** (M, 1). */
    private static NDArray atTargets(NDArray logs, Sequences sequences) {
        return logs.gather(targets(logs.getManager(), sequences), 1);
    }

    private static NDArray targets(NDManager manager, Sequences sequences) {
        long[] targets = sequences.targets();
        return manager.create(targets, new Shape(targets.length, 1));
    }

    @Override
    public int[][] generate(PromptBatch prompts, int maxNew) {
        RequestChecks.require(maxNew >= 0, "Tokens to generate", "0 or more", maxNew);
        checks.prompts(prompts, maxNew);
        int size = prompts.size();
        int[][] generated = new int[size][0];
        boolean[] ended = new boolean[size];
        try (NDManager manager = weights.manager().newSubManager()) {
            LlamaDecoder.Cache cache = new LlamaDecoder.Cache();
            NDArray x = manager.create(prompts.embeds(), new Shape(size, prompts.tokens(), prompts.hidden()));
            LlamaDecoder.Tokens tokens = new LlamaDecoder.Tokens(
                    new int[][] {Sequences.range(prompts.tokens())},
                    LlamaDecoder.causalMask(manager, prompts.tokens(), config.window()));
            NDArray hidden = decoder.forward(x, tokens, cache);
            long[] last = new long[size];
            for (int b = 0; b < size; b++) {
                last[b] = (long) b * prompts.tokens() + prompts.lengths()[b] - 1;
            }
            NDArray state = ArrayOps.rows(hidden.reshape(-1, config.hidden()), manager.create(last)); // (B, H)
            for (int step = 0; step < maxNew; step++) {
                int[] next = argmax(decoder.logits(state).toFloatArray(), size);
                for (int b = 0; b < size; b++) {
                    ended[b] |= config.endTokens().contains(next[b]);
                    if (!ended[b]) {
                        generated[b] = Arrays.copyOf(generated[b], generated[b].length + 1);
                        generated[b][step] = next[b];
                    }
                }
                if (step + 1 == maxNew || all(ended)) {
                    break;
                }
                NDArray token = manager.create(embed(next), new Shape(size, 1, config.hidden()));
                int[][] positions = new int[size][];
                for (int b = 0; b < size; b++) {
                    positions[b] = new int[] {prompts.lengths()[b] + step};
                }
                tokens = new LlamaDecoder.Tokens(positions, stepMask(manager, prompts, step));
                state = decoder.forward(token, tokens, cache).reshape(size, config.hidden());
            }
        }
        return generated;
    }

    /** (B, 1, T + step + 1): a new token sees the real prompt and all new tokens, as far as the window goes. */
    private NDArray stepMask(NDManager manager, PromptBatch prompts, int step) {
        int keys = prompts.tokens() + step + 1;
        float[] mask = new float[prompts.size() * keys];
        for (int b = 0; b < prompts.size(); b++) {
            int real = prompts.lengths()[b];
            Arrays.fill(mask, b * keys + real, b * keys + prompts.tokens(), Float.NEGATIVE_INFINITY);
            for (int key = 0; key < keys; key++) {
                int position = key < prompts.tokens() ? key : real + key - prompts.tokens();
                if (LlamaDecoder.beyond(config.window(), real + step, position)) {
                    mask[b * keys + key] = Float.NEGATIVE_INFINITY;
                }
            }
        }
        return manager.create(mask, new Shape(prompts.size(), 1, keys));
    }

    /** The likeliest token of each row but the one that stands for a picture; the lower id on a tie. */
    private int[] argmax(float[] logits, int rows) {
        int vocabulary = config.vocabulary();
        int[] best = new int[rows];
        for (int b = 0; b < rows; b++) {
            float highest = Float.NEGATIVE_INFINITY;
            for (int id = 0; id < vocabulary; id++) {
                float value = logits[b * vocabulary + id];
                if (value > highest && id != config.imageToken()) {
                    highest = value;
                    best[b] = id;
                }
            }
        }
        return best;
    }

    private static boolean all(boolean[] flags) {
        for (boolean flag : flags) {
            if (!flag) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        weights.close();
    }
}
