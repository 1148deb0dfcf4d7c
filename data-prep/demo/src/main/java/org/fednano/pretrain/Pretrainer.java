package org.fednano.pretrain;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.fednano.console.StatusLine;
import org.fednano.sample.Sample;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;
import org.fednano.settings.ModelKeys;
import org.fednano.settings.PretrainKeys;
import org.fednano.settings.Settings;
import org.fednano.shards.SharedShards;
import org.fednano.spark.SparkHadoop;
import org.fednano.tensor.TensorEngine;
import org.fednano.weights.FloatTensor;
import org.fednano.weights.HfModelFolder;
import org.fednano.weights.SafeTensorsWriter;

/** Makes a model folder from shards: reads, trains, writes, evaluates the written folder, and puts it in place at once. */
public final class Pretrainer {

    private final Settings settings;
    private final Consumer<String> progress;

    /**
     * @param settings {@code pretrain.*}, the prompt template and {@code engine.threads}
     * @param progress takes lines for people
     */
    public Pretrainer(Settings settings, Consumer<String> progress) {
        this.settings = settings;
        this.progress = progress;
    }

    /**
     * Checks input and output, and says what would be done.
     *
     * @throws JobException with status 2 if the output folder exists, with status 3 if the shards are not sound
     */
    public void describe() {
        Path out = out();
        if (Files.exists(out)) {
            throw JobException.usage("pretrain.out must not exist yet: found " + out.toAbsolutePath()
                    + ". Move it away, or set pretrain.out to another folder.");
        }
        SharedShards shards = SharedShards.open(SparkHadoop.configuration(), settings.get(PretrainKeys.SHARDS));
        long rows = shards.clients().stream()
                .mapToLong(SharedShards.Client::trainingRows)
                .sum();
        progress.accept(String.format(
                Locale.ROOT,
                "nano-llava from %,d training samples in %s: %,d samples in batches of %d, seed %d, into %s",
                rows,
                shards.uri(),
                settings.get(PretrainKeys.SAMPLES),
                settings.get(PretrainKeys.BATCH),
                settings.get(PretrainKeys.SEED),
                out));
    }

    /** Trains and writes the folder; nothing is left behind if that fails. */
    public void run() {
        describe();
        StatusLine.get().doing("reading shards");
        int threads = TensorEngine.start(settings.get(ModelKeys.THREADS));
        SharedShards shards = SharedShards.open(SparkHadoop.configuration(), settings.get(PretrainKeys.SHARDS));
        List<Sample> train = read(shards, Split.TRAIN);
        if (train.isEmpty()) {
            throw JobException.badInput("Training rows expected in " + shards.uri()
                    + ": found none. Prepare the base world first and set pretrain.shards.");
        }
        List<Sample> test = read(shards, Split.TEST);
        Training training = new Training(settings, train, progress);
        long start = System.nanoTime();
        Map<String, FloatTensor> weights = training.train(train, read(shards, Split.VAL));
        double minutes = (System.nanoTime() - start) / 60e9;
        Path out = out();
        Path temporary = out.resolveSibling("." + out.getFileName() + ".tmp");
        try {
            delete(temporary);
            Files.createDirectories(temporary);
            for (Map.Entry<String, String> file : training.files().entrySet()) {
                Files.writeString(temporary.resolve(file.getKey()), file.getValue());
            }
            SafeTensorsWriter.write(temporary.resolve("model.safetensors"), weights, Map.of("format", "pt"));
            StatusLine.get().doing("evaluating on the test set");
            Map<String, HeldOut.Accuracy> accuracy = HeldOut.evaluate(HfModelFolder.open(temporary), test, settings);
            accuracy.forEach((skill, a) -> progress.accept(String.format(
                    Locale.ROOT,
                    "  %-10s %5.1f %% of %d test samples",
                    skill.isEmpty() ? "all" : skill,
                    a.percent(),
                    a.samples())));
            long parameters =
                    weights.values().stream().mapToLong(FloatTensor::size).sum();
            ModelCard card =
                    new ModelCard(settings, train.size(), shards.fingerprint(), parameters, threads, minutes, accuracy);
            Files.writeString(temporary.resolve("README.md"), card.text());
            Files.move(temporary, out, StandardCopyOption.ATOMIC_MOVE);
            progress.accept(String.format(
                    Locale.ROOT, "%,d parameters in %.1f minutes: %s", parameters, minutes, out.toAbsolutePath()));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write " + out, e);
        } finally {
            delete(temporary);
        }
    }

    private Path out() {
        return Path.of(settings.get(PretrainKeys.OUT));
    }

    /** All clients' rows of a split, in client and file order. */
    private static List<Sample> read(SharedShards shards, Split split) {
        List<Sample> samples = new ArrayList<>();
        Configuration conf = SparkHadoop.configuration();
        shards.clientIds().forEach(client -> shards.rows(conf, client).read(split, samples::add));
        return samples;
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot remove " + folder, e);
        }
    }
}
