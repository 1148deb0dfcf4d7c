package org.fednano.check;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.fednano.digest.Sha256;
import org.fednano.files.Json;
import org.fednano.metrics.MetricTable;
import org.fednano.metrics.MetricTables;
import org.fednano.runstore.Commit;
import org.fednano.runstore.KeptRows;
import org.fednano.runstore.KeptRows.Kept;
import org.fednano.runstore.MetricsFolder;
import org.fednano.runstore.RunPaths;
import org.fednano.runstore.RunReader;
import org.fednano.settings.JobException;

/** The run's rows in the metric tables, compared with what its rounds committed and the copies that they keep. */
final class TableCheck {

    private static final String ROUND = "round=";

    private final Look look;
    private final RunReader reader;
    private final MetricsFolder metrics;
    private final Configuration hadoop;
    private final Map<Integer, Optional<Commit>> rounds;
    private final int settled;
    private int compared;
    private int unrecorded;

    TableCheck(
            Look look,
            RunReader reader,
            MetricsFolder metrics,
            Configuration hadoop,
            Map<Integer, Optional<Commit>> rounds) {
        this.look = look;
        this.reader = reader;
        this.metrics = metrics;
        this.hadoop = hadoop;
        this.rounds = rounds;
        int last = rounds.keySet().stream().max(Comparator.naturalOrder()).orElse(-1);
        this.settled = look.held ? last - 1 : Integer.MAX_VALUE;
    }

    int compared() {
        return compared;
    }

    int unrecorded() {
        return unrecorded;
    }

    void all() {
        if (!note()) {
            return;
        }
        Map<Path, List<Kept>> records = new TreeMap<>();
        for (var round : rounds.entrySet()) {
            if (round.getKey() <= settled) {
                records.putAll(records(round.getKey(), round.getValue()));
            }
        }
        for (String name : look.names(look.files, look.paths.attempts())) {
            int round = RunPaths.number(name);
            if (round >= 0 && round <= settled) {
                records.putAll(copies(round, look.paths.attempts(round)));
            }
        }
        records.forEach(this::compare);
        for (MetricTable<?> table : MetricTables.ALL) {
            strangers(table.name(), records.keySet());
        }
    }

    /** Whether the tables are this run's; if they are another's, nothing of them may be judged or mended. */
    private boolean note() {
        Path note = metrics.note();
        Finding.Fix fix = () -> metrics.files().replace(note, metrics.noteText(look.paths.run()));
        String remedy = "It keeps the rows of two runs of one name apart; the next call on the run writes it if it is"
                + " missing";
        try {
            if (!rounds.isEmpty() && !metrics.files().exists(metrics.folder())) {
                look.broken(
                        metrics.folder(),
                        "the metric tables of the run were expected, found no such folder",
                        "If they lie elsewhere, say --set run.metrics_dir=…; if they are lost, make the folder, and"
                                + " --repair fills it");
                return false;
            }
            if (!metrics.files().exists(note)) {
                if (!rounds.isEmpty()) {
                    look.broken(note, "a note was expected that the name is this run's, found none", remedy, fix);
                }
                return true;
            }
            if (!look.document(metrics.files(), note, remedy, fix)) {
                return true;
            }
            String uuid = Json.text(Json.read(metrics.files(), note), "run_uuid", note);
            if (!uuid.equals(reader.info().runUuid())) {
                look.broken(
                        note,
                        "run " + reader.info().runUuid() + " was expected, found " + uuid
                                + ", another run of this name",
                        "Say where the tables of this run lie: --set run.metrics_dir=…");
                return false;
            }
            return true;
        } catch (IOException | JobException e) {
            look.broken(note, e.getMessage(), remedy);
            return true;
        }
    }

    /** Of each file that the round published the copies that may be its; several after an evaluation that was killed. */
    private Map<Path, List<Kept>> records(int round, Optional<Commit> commit) {
        Map<Path, List<Kept>> records = copies(round, look.paths.published(round));
        Set<Path> there =
                records.values().stream().flatMap(List::stream).map(Kept::path).collect(Collectors.toSet());
        KeptRows copies = new KeptRows(look.files, look.paths.published(round));
        boolean keeps = commit.map(Commit::rowsKept).orElse(false);
        boolean left = false;
        for (Commit.MetricFile file : commit.map(Commit::metrics).orElse(List.of())) {
            Kept copy = copies.place(file.table(), file.name(), file.sha256());
            if (exists(new Path(look.paths.unpublished(round), file.table() + "/" + file.name()))) {
                left = true;
            } else {
                if (keeps && !there.contains(copy.path())) {
                    lostCopy(round, copy, "found none");
                }
                records.put(metrics.target(round, file.table(), file.name()), List.of(copy));
            }
        }
        if (left) {
            look.broken(
                    look.paths.unpublished(round),
                    "rows that are published were expected, found some that a killed call has not",
                    "The next call on the run publishes them",
                    () -> reader.publishLeft(metrics.folder().toString(), round));
        }
        return records;
    }

    private Map<Path, List<Kept>> copies(int round, Path folder) {
        Map<Path, List<Kept>> records = new TreeMap<>();
        KeptRows copies = new KeptRows(look.files, folder);
        for (String name : look.names(look.files, folder)) {
            copies.parse(name).ifPresent(copy -> {
                records.computeIfAbsent(metrics.target(round, copy.table(), copy.name()), f -> new ArrayList<>())
                        .add(copy);
                requireFits(round, copy);
            });
        }
        return records;
    }

    private void requireFits(int round, Kept copy) {
        Optional<byte[]> content = look.bytes(look.files, copy.path());
        content.filter(c -> !Sha256.of(c).equals(copy.sha256()))
                .ifPresent(c -> lostCopy(round, copy, "found " + Sha256.of(c) + " over " + c.length + " bytes"));
    }

    private void lostCopy(int round, Kept copy, String found) {
        Path table = metrics.target(round, copy.table(), copy.name());
        Optional<byte[]> content = look.matching(metrics.files(), table, copy.sha256());
        look.broken(
                copy.path(),
                "a copy of " + table + " was expected, SHA-256 " + copy.sha256() + ", " + found,
                content.isPresent()
                        ? "--repair makes it again from there"
                        : "Restore it from a copy" + again(copy, round),
                content.isPresent() ? () -> look.files.replace(copy.path(), content.get()) : null);
    }

    private static String again(Kept copy, int round) {
        boolean measured = copy.table().equals(MetricTables.EVALUATIONS.name())
                || copy.table().equals(MetricTables.PREDICTIONS.name());
        return measured ? ", or measure it again: fednano evaluate --round " + round : "";
    }

    private void compare(Path file, List<Kept> copies) {
        compared++;
        Optional<byte[]> content = look.bytes(metrics.files(), file);
        String found = content.map(Sha256::of).orElse("");
        if (copies.stream().anyMatch(copy -> copy.sha256().equals(found))) {
            return;
        }
        Kept newest =
                copies.stream().max(Comparator.comparingLong(this::modified)).orElseThrow();
        Optional<Kept> source = copies.stream()
                .filter(copy ->
                        look.matching(look.files, copy.path(), copy.sha256()).isPresent())
                .max(Comparator.comparingLong(this::modified));
        int round = Integer.parseInt(file.getParent().getName().substring(ROUND.length()));
        look.broken(
                file,
                "the rows that round " + round + " published were expected, SHA-256 " + newest.sha256() + ", found "
                        + (content.isEmpty() ? "no such file" : found + " over " + content.get().length + " bytes"),
                source.isPresent()
                        ? "--repair publishes them again"
                        : "The run keeps no copy of them: restore it from one" + again(newest, round),
                source.isPresent()
                        ? () -> metrics.files()
                                .replace(file, look.files.read(source.get().path()))
                        : null);
    }

    private long modified(Kept copy) {
        try {
            return look.files.modifiedMillis(copy.path()).orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    private boolean exists(Path file) {
        try {
            return look.files.exists(file);
        } catch (IOException e) {
            look.broken(file, "it cannot be looked at: " + e, "Restore it from a copy");
            return false;
        }
    }

    /** Files that readers of the table take for the run's rows, and that nothing in the run folder speaks of. */
    private void strangers(String table, Set<Path> known) {
        for (String partition : look.names(metrics.files(), metrics.partitions(table))) {
            Path folder = new Path(metrics.partitions(table), partition);
            int round = partition.matches(ROUND + "[0-9]{1,9}")
                    ? Integer.parseInt(partition.substring(ROUND.length()))
                    : -1;
            if (partition.startsWith(".") || partition.startsWith("_") || round > settled) {
                continue;
            }
            if (round < 0) {
                look.broken(folder, "folders of rounds were expected, found another name", "Move it away");
                continue;
            }
            List<String> names = look.names(metrics.files(), folder);
            look.temporaries(metrics.files(), folder, names);
            for (String name : names) {
                Path file = new Path(folder, name);
                if (!name.startsWith(".") && !name.startsWith("_") && !known.contains(file)) {
                    stranger(table, round, file);
                }
            }
        }
    }

    private void stranger(String table, int round, Path file) {
        Optional<Commit> commit = rounds.get(round);
        if (commit == null) {
            look.broken(file, "rows of rounds of the run were expected, it has no round " + round, "Move it away");
        } else if (commit.isPresent() && commit.get().rowsKept()) {
            boolean left = exists(new Path(look.paths.unpublished(round), table + "/" + file.getName()));
            if (!left) {
                look.broken(
                        file,
                        "rows that the run has published were expected, it knows nothing of these",
                        "Move it away; if evaluate measured them, call it again with --round " + round);
            }
        } else if (commit.isPresent()) {
            readable(round, file);
        }
    }

    /** No checksum was recorded: at least it must be whole. */
    private void readable(int round, Path file) {
        try (ParquetReader<?> rows = ParquetReader.builder(new GroupReadSupport(), file)
                .withConf(hadoop)
                .build()) {
            while (rows.read() != null) {}
            unrecorded++;
        } catch (IOException | RuntimeException e) {
            look.broken(
                    file,
                    "a Parquet file was expected (no checksum was recorded for it), it cannot be read: "
                            + e.getMessage(),
                    "Restore it from a copy, or remove it and measure it again: fednano evaluate --round " + round);
        }
    }
}
