package org.fednano.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.fednano.algorithm.LossGradient.Result;
import org.fednano.llm.model.EmbeddedLlm;
import org.fednano.sample.PromptBatch;
import org.fednano.sample.TokenBatch;
import org.fednano.tensor.TensorEngine;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensors;

/**
 * Time of the endpoint's loss and gradient against the same checkpoint in PyTorch (transformers' model, eager mode, frozen
 * weights, the faster of its two attentions), with as many threads, in turns in one run; the ratio is the median over pairs.
 * Before anything is timed, both must give the same losses and gradients.
 *
 * <p>Arguments: {@code python=PATH}, or the environment variable {@code FEDNANO_PYTHON}: a Python that has what
 * tests/src/test/python/requirements.txt pins, as {@code tests/src/test/python/venv} makes and prints it; and {@code
 * batch=1 tokens=512 layers=12 hidden=768 intermediate=2048 vocabulary=16000 groups=1 threads=2 pairs=15}, groups being
 * query heads per key head. With {@code side=fednano_gpu}, the other side is the Python package in llm-endpoint/gpu on the CPU.
 */
public final class LossGradVsPyTorch {

    private static final double PARITY = 1e-4;
    private static final int WARM_UP = 5;

    private LossGradVsPyTorch() {}

    public static void main(String[] args) throws IOException {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("python", System.getenv().getOrDefault("FEDNANO_PYTHON", ""));
        List.of(
                        "batch=1",
                        "tokens=512",
                        "layers=12",
                        "hidden=768",
                        "intermediate=2048",
                        "vocabulary=16000",
                        "groups=1",
                        "side=transformers",
                        "threads=" + Runtime.getRuntime().availableProcessors(),
                        "pairs=15")
                .forEach(absent -> options.put(absent.split("=")[0], absent.split("=")[1]));
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            if (parts.length != 2 || options.replace(parts[0], parts[1]) == null) {
                throw new IllegalArgumentException("Expected key=value with a key of " + options.keySet() + ": " + arg);
            }
        }
        String python = options.remove("python");
        if (!Files.isExecutable(Path.of(python))) {
            System.err.println(
                    "A Python with PyTorch and transformers expected as python=PATH or FEDNANO_PYTHON: found '" + python
                            + "'. Make one: tests/src/test/python/venv prints its path.");
            System.exit(2);
        }
        TensorEngine.start(Integer.parseInt(options.get("threads")));
        int pairs = Integer.parseInt(options.remove("pairs"));
        Path folder = Files.createTempDirectory("fednano-lossgrad");
        try (PyTorch reference = new PyTorch(python, folder, options)) {
            System.out.println(options + ", endpoint with " + options.get("threads") + " threads");
            System.out.println(reference.line());
            run(reference, folder, pairs);
        } finally {
            delete(folder);
        }
    }

    private static void run(PyTorch reference, Path folder, int pairs) throws IOException {
        SafeTensors batch = SafeTensors.open(folder.resolve("batch.safetensors"));
        PromptBatch prompts = prompts(batch);
        TokenBatch answers = answers(batch);
        try (EmbeddedLlm llm = EmbeddedLlm.open(HfModelFolder.open(folder))) {
            Result result = llm.lossGradient(prompts, answers, 1);
            same("losses", batch.tensor("loss").values(), result.loss());
            same("gradients", batch.tensor("gradient").values(), result.gradient());
            for (int i = 0; i < WARM_UP; i++) {
                llm.lossGradient(prompts, answers, 1);
                reference.seconds();
            }
            List<Double> ratios = new ArrayList<>();
            for (int pair = 0; pair < pairs; pair++) {
                boolean first = pair % 2 == 0; // neither always follows the other
                double before = first ? 0 : reference.seconds();
                long begin = System.nanoTime();
                llm.lossGradient(prompts, answers, 1);
                double own = (System.nanoTime() - begin) / 1e9;
                double theirs = first ? reference.seconds() : before;
                ratios.add(own / theirs);
                System.out.printf(Locale.ROOT, "endpoint %.3f s, PyTorch %.3f s: %.3f%n", own, theirs, own / theirs);
            }
            System.out.printf(
                    Locale.ROOT,
                    "endpoint / PyTorch: median %.3f, from %.3f to %.3f%n",
                    Bench.median(ratios),
                    ratios.stream().mapToDouble(r -> r).min().orElse(0),
                    ratios.stream().mapToDouble(r -> r).max().orElse(0));
        }
    }

    private static PromptBatch prompts(SafeTensors batch) {
        long[] shape = batch.shape("embeds");
        int tokens = (int) shape[1];
        int[] lengths = new int[(int) shape[0]];
        Arrays.fill(lengths, tokens);
        return new PromptBatch(batch.tensor("embeds").values(), lengths, tokens, (int) shape[2]);
    }

    private static TokenBatch answers(SafeTensors batch) {
        float[] values = batch.tensor("answers").values(); // ids below 256 are exact in float32
        int[] ids = new int[values.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) values[i];
        }
        return new TokenBatch(ids, (int) batch.shape("answers")[1]);
    }

    private static void same(String what, float[] want, float[] found) {
        double difference = 0;
        double scale = 0;
        for (int i = 0; i < want.length; i++) {
            difference = Math.max(difference, Math.abs(want[i] - found[i]));
            scale = Math.max(scale, Math.abs(want[i]));
        }
        System.out.printf(Locale.ROOT, "%s differ by %.2g of the largest%n", what, difference / scale);
        if (!(difference <= PARITY * scale)) {
            throw new IllegalStateException("What computes other " + what + " cannot be compared");
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }

    /** The other side, in a process of its own. */
    private static final class PyTorch implements AutoCloseable {

        private final Process process;
        private final Writer in;
        private final BufferedReader out;

        PyTorch(String python, Path folder, Map<String, String> options) throws IOException {
            List<String> command = new ArrayList<>(
                    List.of(python, "-B", "tests/src/test/python/loss_grad.py", "--folder", folder.toString()));
            options.forEach((key, value) -> command.addAll(List.of("--" + key, value)));
            // It inherits OMP_WAIT_POLICY=PASSIVE: beside other load its threads would otherwise spin, ten times as
            // slow.
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            in = process.outputWriter();
            out = process.inputReader();
        }

        String line() {
            try {
                String line = out.readLine();
                if (line == null) {
                    throw new IllegalStateException("PyTorch's side has ended; its message is above");
                }
                return line;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Of one call. */
        double seconds() {
            try {
                in.write("\n");
                in.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return Double.parseDouble(line());
        }

        @Override
        public void close() throws IOException {
            in.close(); // the end of its input ends it
            process.onExit().join();
        }
    }
}
