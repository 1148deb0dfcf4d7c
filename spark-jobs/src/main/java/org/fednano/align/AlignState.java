package org.fednano.align;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fednano.optimizer.AdamW;
import org.fednano.optimizer.OptimizerSpec;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.SafeTensors;
import org.fednano.weights.SafeTensorsWriter;

/** Where a training stands: what the next step needs, and the best that was seen. */
final class AlignState {

    private static final String FILE = "state.safetensors";
    private static final String ABOUT = "made of ";

    final float[] theta;
    final AdamW optimizer;
    float[] best;
    double startLoss;
    double bestLoss;
    int bestStep;
    int step;
    int worse; // validations since the best one
    double seconds;

    private AlignState(float[] theta, AdamW optimizer) {
        this.theta = theta;
        this.optimizer = optimizer;
    }

    /** Before the first step. */
    static AlignState begin(float[] theta, OptimizerSpec spec, double loss) {
        AlignState state = new AlignState(theta, new AdamW(spec, theta.length));
        state.best = theta.clone();
        state.startLoss = loss;
        state.bestLoss = loss;
        return state;
    }

    /** A validation after the current step. */
    void validated(double loss) {
        if (loss < bestLoss) {
            bestLoss = loss;
            bestStep = step;
            best = theta.clone();
            worse = 0;
        } else {
            worse++;
        }
    }

    /** A folder that one process at a time may write. */
    static final class Folder implements AutoCloseable {
        private final Path path;
        private final FileChannel channel;

        /** @throws JobException with status 6 if another process has it */
        Folder(Path path) {
            this.path = path;
            try {
                Files.createDirectories(path);
                channel = FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = lock(channel);
                if (lock == null) {
                    channel.close();
                    throw new JobException(
                            ExitStatus.RUN_HELD,
                            "Only one `align` may write " + path + " at a time: found another one at work. Wait for it,"
                                    + " or set align.out to another folder.");
                }
            } catch (IOException e) {
                throw new UncheckedIOException("Opening " + path + ": " + e.getMessage(), e);
            }
        }

        private static FileLock lock(FileChannel channel) throws IOException {
            try {
                return channel.tryLock();
            } catch (OverlappingFileLockException e) { // held in this JVM
                return null;
            }
        }

        /**
         * Keeps a state; the one before stays until this one is whole.
         *
         * @param madeOf what it depends on, by name
         */
        void save(AlignState s, Map<String, String> madeOf) {
            Map<String, FloatTensor> tensors = new LinkedHashMap<>();
            tensors.put("theta", new FloatTensor(s.theta, s.theta.length));
            tensors.put("mean", new FloatTensor(s.optimizer.mean(), s.theta.length));
            tensors.put("square", new FloatTensor(s.optimizer.square(), s.theta.length));
            tensors.put("best", new FloatTensor(s.best, s.theta.length));
            Map<String, String> notes = new TreeMap<>(Map.of(
                    "step", String.valueOf(s.step),
                    "best_step", String.valueOf(s.bestStep),
                    "worse", String.valueOf(s.worse),
                    "start_loss", String.valueOf(s.startLoss),
                    "best_loss", String.valueOf(s.bestLoss),
                    "seconds", String.valueOf(s.seconds)));
            madeOf.forEach((name, value) -> notes.put(ABOUT + name, value));
            SafeTensorsWriter.write(path.resolve(FILE), tensors, notes);
        }

        /**
         * What an earlier call left.
         *
         * @param madeOf what this call depends on
         * @throws JobException with status 2 if the state is of something else
         */
        Optional<AlignState> load(OptimizerSpec spec, Map<String, String> madeOf) {
            Path file = path.resolve(FILE);
            if (!Files.exists(file)) {
                return Optional.empty();
            }
            SafeTensors tensors = SafeTensors.open(file);
            Map<String, String> notes = tensors.metadata();
            madeOf.forEach((name, value) -> {
                String found = notes.get(ABOUT + name);
                if (!value.equals(found)) {
                    throw JobException.usage("The stopped training in " + path + " must go on with what it began with:"
                            + " expected " + name + " = " + found + ", found " + value
                            + ". Set it back, or remove that folder to begin anew.");
                }
            });
            int step = number(notes, "step").intValue();
            AlignState s = new AlignState(
                    tensors.tensor("theta").values(),
                    new AdamW(
                            spec,
                            tensors.tensor("mean").values(),
                            tensors.tensor("square").values(),
                            step));
            s.best = tensors.tensor("best").values();
            s.step = step;
            s.bestStep = number(notes, "best_step").intValue();
            s.worse = number(notes, "worse").intValue();
            s.startLoss = number(notes, "start_loss");
            s.bestLoss = number(notes, "best_loss");
            s.seconds = number(notes, "seconds");
            return Optional.of(s);
        }

        private Double number(Map<String, String> notes, String name) {
            try {
                return Double.valueOf(notes.getOrDefault(name, ""));
            } catch (NumberFormatException e) {
                throw JobException.badInput("'" + name + "' in " + path.resolve(FILE) + " must be a number: found '"
                        + notes.get(name) + "'. The file is damaged: remove the folder to begin anew.");
            }
        }

        /** The training is over: nothing is left. */
        void remove() {
            try {
                Files.deleteIfExists(path.resolve(FILE));
                Files.deleteIfExists(path.resolve("lock"));
                Files.delete(path);
            } catch (IOException e) {
                throw new UncheckedIOException("Removing " + path + ": " + e.getMessage(), e);
            }
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException("Closing " + path + ": " + e.getMessage(), e);
            }
        }
    }
}
