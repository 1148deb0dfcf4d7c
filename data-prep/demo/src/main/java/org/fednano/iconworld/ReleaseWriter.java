package org.fednano.iconworld;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.fednano.console.StatusLine;
import org.fednano.console.StatusLine.Status;
import org.fednano.sample.Split;

/**
 * Writes a world in the layout of IconQA's release: {@code problems.json}, {@code pid_splits.json} and
 * {@code iconqa/{split}/{type}/{pid}/image.png}, with {@code owner} and {@code skill} added to each problem; and
 * {@code iconworld.json}, which says how the owners differ.
 */
final class ReleaseWriter {

    /** Samples per task: some tenths of a second of work. */
    private static final int CHUNK = 500;

    private final IconWorld world;
    private final Path folder;
    private final boolean recordFiles;

    /**
     * @param folder exists and is empty
     * @param recordFiles whether each problem gets its {@code data.json} too
     */
    ReleaseWriter(IconWorld world, Path folder, boolean recordFiles) {
        this.world = world;
        this.folder = folder;
        this.recordFiles = recordFiles;
    }

    private record Chunk(Owner owner, Split split, int from, int to) {}

    /** Draws and writes everything, on all cores; the bytes do not depend on how many there are. */
    void write() throws IOException {
        Files.createDirectories(folder.resolve("iconqa"));
        int threads = Runtime.getRuntime().availableProcessors();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        Map<String, List<String>> splits = new TreeMap<>();
        AtomicLong done = new AtomicLong();
        long start = System.nanoTime();
        StatusLine.Step drawing = StatusLine.get().step(() -> drawing(done.get(), start));
        try (JsonGenerator problems = new JsonFactory()
                .createGenerator(folder.resolve("problems.json").toFile(), JsonEncoding.UTF8)) {
            problems.writeStartObject();
            Deque<Future<List<Problem>>> running = new ArrayDeque<>();
            for (Chunk chunk : chunks()) {
                running.add(pool.submit(() -> draw(chunk)));
                if (running.size() > 2 * threads) {
                    record(running.remove(), problems, splits, done);
                }
            }
            while (!running.isEmpty()) {
                record(running.remove(), problems, splits, done);
            }
            problems.writeEndObject();
        } finally {
            drawing.end();
            pool.shutdownNow();
        }
        writeSplits(splits);
        writeDescription();
    }

    private Status drawing(long samples, long start) {
        double perSecond = samples * 1e9 / (System.nanoTime() - start);
        return new Status(
                "drawing pictures", String.format(": %,d of %,d done, %,.0f/s", samples, world.total(), perSecond));
    }

    private List<Chunk> chunks() throws IOException {
        List<Chunk> chunks = new ArrayList<>();
        for (Split split : Split.values()) {
            for (String task : List.of(Problem.CHOOSE, Problem.FILL)) {
                Files.createDirectories(
                        folder.resolve("iconqa").resolve(split.text()).resolve(task));
            }
            for (Owner owner : world.owners()) {
                int rows = owner.rows().get(split);
                for (int from = 0; from < rows; from += CHUNK) {
                    chunks.add(new Chunk(owner, split, from, Math.min(rows, from + CHUNK)));
                }
            }
        }
        return chunks;
    }

    private List<Problem> draw(Chunk chunk) throws IOException {
        Painter painter = new Painter();
        List<Problem> drawn = new ArrayList<>();
        for (int i = chunk.from(); i < chunk.to(); i++) {
            Problem p = world.draw(chunk.owner(), chunk.split(), i, painter);
            Path home = folder.resolve("iconqa")
                    .resolve(p.split().text())
                    .resolve(p.task())
                    .resolve(p.pid());
            Files.createDirectory(home);
            Files.write(home.resolve("image.png"), p.png());
            if (recordFiles) {
                ByteArrayOutputStream json = new ByteArrayOutputStream(256);
                try (JsonGenerator g = new JsonFactory().createGenerator(json)) {
                    g.useDefaultPrettyPrinter();
                    writeProblem(g, p, false);
                }
                Files.write(home.resolve("data.json"), json.toByteArray());
            }
            drawn.add(p);
        }
        return drawn;
    }

    private void record(
            Future<List<Problem>> chunk, JsonGenerator problems, Map<String, List<String>> splits, AtomicLong done)
            throws IOException {
        List<Problem> drawn;
        try {
            drawn = chunk.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException("Drawing failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException("Interrupted while drawing", e));
        }
        for (Problem p : drawn) {
            problems.writeRaw('\n');
            problems.writeFieldName(p.pid());
            writeProblem(problems, p, true);
            splits.computeIfAbsent(p.split().text(), s -> new ArrayList<>()).add(p.pid());
            splits.computeIfAbsent(p.task() + "_" + p.split().text(), s -> new ArrayList<>())
                    .add(p.pid());
        }
        done.addAndGet(drawn.size());
    }

    /** As in the release, whose {@code data.json} lacks the split. */
    private static void writeProblem(JsonGenerator g, Problem p, boolean withSplit) throws IOException {
        g.writeStartObject();
        g.writeStringField("question", p.question());
        if (p.answerIndex() >= 0) {
            g.writeArrayFieldStart("choices");
            for (String choice : p.choices()) {
                g.writeString(choice);
            }
            g.writeEndArray();
            g.writeNumberField("answer", p.answerIndex());
        } else {
            g.writeStringField("answer", p.answer());
        }
        g.writeStringField("ques_type", p.task());
        g.writeStringField("grade", "prek");
        g.writeStringField("label", p.skill().text());
        if (withSplit) {
            g.writeStringField("split", p.split().text());
        }
        g.writeStringField("owner", p.owner());
        g.writeStringField("skill", p.skill().text());
        g.writeEndObject();
    }

    private void writeSplits(Map<String, List<String>> splits) throws IOException {
        try (JsonGenerator g = new JsonFactory()
                .createGenerator(folder.resolve("pid_splits.json").toFile(), JsonEncoding.UTF8)) {
            g.writeStartObject();
            for (var split : splits.entrySet()) {
                g.writeArrayFieldStart(split.getKey());
                for (String pid : split.getValue()) {
                    g.writeString(pid);
                }
                g.writeEndArray();
            }
            g.writeEndObject();
        }
    }

    private void writeDescription() throws IOException {
        try (JsonGenerator g = new JsonFactory()
                .createGenerator(folder.resolve("iconworld.json").toFile(), JsonEncoding.UTF8)) {
            g.useDefaultPrettyPrinter();
            g.writeStartObject();
            g.writeStringField("world", world.world().text());
            g.writeNumberField("seed", world.seed());
            g.writeArrayFieldStart("owners");
            for (Owner owner : world.owners()) {
                g.writeStartObject();
                g.writeStringField("owner", owner.id());
                g.writeStringField("shift", owner.text());
                g.writeObjectFieldStart("rows");
                for (Split split : Split.values()) {
                    g.writeNumberField(split.text(), owner.rows().get(split));
                }
                g.writeEndObject();
                g.writeObjectFieldStart("answer_probabilities");
                for (Family family : Family.values()) {
                    g.writeObjectFieldStart(family.name().toLowerCase(java.util.Locale.ROOT));
                    for (int a = 0; a < family.answers().size(); a++) {
                        int called = owner.shift().answer(a, family.answers().size());
                        g.writeNumberField(
                                family.answers().get(called), owner.answers().get(family)[a]);
                    }
                    g.writeEndObject();
                }
                g.writeEndObject();
                g.writeEndObject();
            }
            g.writeEndArray();
            g.writeEndObject();
        }
    }
}
