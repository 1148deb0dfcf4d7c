package org.fednano.check;

import java.io.IOException;
import java.time.DateTimeException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.fednano.digest.Sha256;
import org.fednano.files.Lease;
import org.fednano.runstore.Commit;
import org.fednano.runstore.KeptRows;
import org.fednano.runstore.RunPaths;
import org.fednano.runstore.RunReader;
import org.fednano.settings.JobException;

/** The run folder: its documents, and what each round committed. */
final class FolderCheck {

    private static final String NEXT_CALL = "The next call on the run removes it";

    private final Look look;
    private final RunReader reader;

    FolderCheck(Look look, RunReader reader) {
        this.look = look;
        this.reader = reader;
    }

    /** Looks at everything but the rounds. */
    void documents() {
        RunPaths paths = look.paths;
        Path last = paths.lastJson();
        look.document(
                look.files,
                last,
                "The next call of train or round writes it again; till then do not trust it",
                () -> look.files.delete(last));
        Path shown = new Path(paths.run(), "lease.json");
        look.document(look.files, shown, "Remove it", () -> look.files.delete(shown));
        leases();
        if (!look.held && !look.names(look.files, paths.staging()).isEmpty()) {
            look.broken(
                    paths.staging(),
                    "no round was expected that is being written, a killed call left one",
                    NEXT_CALL,
                    () -> look.files.delete(paths.staging()));
        }
        look.temporaries(look.files, paths.run(), look.names(look.files, paths.run()));
    }

    /** A damaged lease stops every writer, since nobody can tell whose it is. One that is written to is young. */
    private void leases() {
        Path folder = Lease.folder(look.paths.run());
        List<String> names = look.names(look.files, folder);
        for (String name : names) {
            Path file = new Path(folder, name);
            if (name.endsWith(".json") && !name.startsWith(".")) {
                Finding.Fix fix = look.isOld(look.files, file) ? () -> look.files.delete(file) : null;
                look.document(look.files, file, "Remove it once no process writes to this run, a minute from now", fix);
            }
        }
        look.temporaries(look.files, folder, names);
    }

    /**
     * Looks at every round.
     *
     * @return of each round that has a folder its commit; empty where that is damaged
     */
    Map<Integer, Optional<Commit>> rounds() {
        Map<Integer, Optional<Commit>> rounds = new TreeMap<>();
        int highest = look.names(look.files, look.paths.rounds()).stream()
                .mapToInt(RunPaths::number)
                .max()
                .orElse(-1);
        for (int round = 0; round <= highest; round++) {
            Path folder = look.paths.round(round);
            if (look.names(look.files, folder).isEmpty()) {
                look.broken(
                        folder,
                        "rounds 0 to " + highest + " were expected, found none of this number",
                        "Restore it from a copy; no call goes on without it");
            } else {
                Optional<Commit> commit = commit(round);
                rounds.put(round, commit);
                commit.ifPresent(c -> round(c, rounds.getOrDefault(c.round() - 1, Optional.empty())));
                copies(look.paths.published(round));
            }
        }
        for (String name : look.names(look.files, look.paths.attempts())) {
            copies(new Path(look.paths.attempts(), name));
        }
        return rounds;
    }

    private Optional<Commit> commit(int round) {
        Path file = look.paths.commit(round);
        String remedy = "Restore it from a copy, or remove the folders of this round and all later ones and train on";
        try {
            if (!look.files.exists(file)) {
                if (!look.held) {
                    look.broken(file, "a committed round was expected, found no such file", remedy);
                }
                return Optional.empty();
            }
            return look.document(look.files, file, remedy, null) ? Optional.of(reader.commit(round)) : Optional.empty();
        } catch (IOException | DateTimeException | JobException e) {
            look.broken(file, e.getMessage(), remedy);
            return Optional.empty();
        }
    }

    private void round(Commit commit, Optional<Commit> before) {
        int round = commit.round();
        if (before.isPresent() && !before.get().adapterSha256().equals(commit.parentSha256())) {
            look.broken(
                    look.paths.commit(round),
                    "the adapter of round " + (round - 1) + " was expected as its parent, SHA-256 "
                            + before.get().adapterSha256() + ", found " + commit.parentSha256(),
                    "Files of different runs were mixed; restore the run folder");
        }
        Path adapter = look.paths.adapter(round);
        Optional<byte[]> content = look.bytes(look.files, adapter);
        if (content.isEmpty() || !Sha256.of(content.get()).equals(commit.adapterSha256())) {
            look.broken(
                    adapter,
                    "the adapter that was committed was expected, SHA-256 " + commit.adapterSha256() + " over "
                            + commit.adapterBytes() + " bytes, found "
                            + content.map(c -> Sha256.of(c) + " over " + c.length)
                                    .orElse("no such file"),
                    "Restore it from a copy, or remove the folders of round " + round
                            + " and all later ones and train on");
        }
        for (Commit.MetricFile file : commit.metrics()) {
            Path staged = new Path(look.paths.unpublished(round), file.table() + "/" + file.name());
            look.bytes(look.files, staged)
                    .filter(c -> !Sha256.of(c).equals(file.sha256()))
                    .ifPresent(c -> look.broken(
                            staged,
                            "the rows that were committed were expected, SHA-256 " + file.sha256() + ", found "
                                    + Sha256.of(c),
                            "Restore it from a copy, or remove it and lose its rows"));
        }
    }

    /** The copies of published rows: names of copies, and bytes that fit them. */
    private void copies(Path folder) {
        KeptRows kept = new KeptRows(look.files, folder);
        List<String> names = look.names(look.files, folder);
        for (String name : names) {
            Path file = new Path(folder, name);
            if (kept.parse(name).isEmpty() && !name.startsWith(".")) {
                look.broken(file, "copies of metric files were expected here, found another file", "Move it away");
            }
        }
        look.temporaries(look.files, folder, names);
    }
}
