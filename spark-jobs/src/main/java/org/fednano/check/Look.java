package org.fednano.check;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hadoop.fs.Path;
import org.fednano.digest.Sha256;
import org.fednano.files.Json;
import org.fednano.files.Lease;
import org.fednano.files.RunFiles;
import org.fednano.process.ProcessMark;
import org.fednano.runstore.RunPaths;

/** One look at a run: what was found so far, and ways to look at a file that don't fail. */
final class Look {

    private static final long YOUNG_MILLIS = Lease.Timing.DEFAULT.timeout().toMillis();

    final RunFiles files;
    final RunPaths paths;
    final boolean held;
    private final List<Finding> findings = new ArrayList<>();

    Look(RunFiles files, RunPaths paths, boolean held) {
        this.files = files;
        this.paths = paths;
        this.held = held;
    }

    List<Finding> findings() {
        return findings;
    }

    void broken(Path where, String trouble, String remedy) {
        broken(where, trouble, remedy, null);
    }

    void broken(Path where, String trouble, String remedy, Finding.Fix fix) {
        findings.add(new Finding(name(where), trouble, remedy, fix));
    }

    private String name(Path where) {
        String run = paths.run().toString();
        return where.toString().startsWith(run + "/") ? where.toString().substring(run.length() + 1) : where.toString();
    }

    /** A file's bytes; empty if it is not there, or cannot be read, which is a finding. */
    Optional<byte[]> bytes(RunFiles of, Path file) {
        try {
            return Optional.of(of.read(file));
        } catch (NoSuchFileException | FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException e) {
            broken(file, "it cannot be read: " + e, "Restore it from a copy");
            return Optional.empty();
        }
    }

    /** Names in a folder; none if it cannot be listed, which is a finding. */
    List<String> names(RunFiles of, Path folder) {
        try {
            return of.list(folder);
        } catch (IOException e) {
            broken(folder, "a folder was expected: " + e, "Restore it from a copy");
            return List.of();
        }
    }

    /** Whether a document is there and sound; if it is damaged, that is a finding. */
    boolean document(RunFiles of, Path file, String remedy, Finding.Fix fix) {
        Optional<byte[]> content = bytes(of, file);
        Optional<String> damage = content.flatMap(Json::damage);
        damage.ifPresent(
                what -> broken(file, "the JSON document that was written was expected, found " + what, remedy, fix));
        return content.isPresent() && damage.isEmpty();
    }

    /** A copy with these bytes, which may lie on another file system; empty if it is not so. */
    Optional<byte[]> matching(RunFiles of, Path file, String sha256) {
        try {
            byte[] content = of.read(file);
            return Sha256.of(content).equals(sha256) ? Optional.of(content) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // whether it is there is asked elsewhere
        }
    }

    /** Temporary files of calls that were killed; those of calls that run are young. */
    void temporaries(RunFiles of, Path folder, List<String> names) {
        for (String name : names) {
            Path file = new Path(folder, name);
            if (name.startsWith(RunFiles.TEMPORARY) && isOld(of, file)) {
                broken(
                        file,
                        "no temporary file was expected, a killed call left it",
                        "Remove it",
                        () -> of.delete(file));
            }
        }
    }

    boolean isOld(RunFiles of, Path file) {
        if (ProcessMark.isOfDead(file.getName())) {
            return true;
        }
        try {
            OptionalLong modified = of.modifiedMillis(file);
            return modified.isPresent() && System.currentTimeMillis() - modified.getAsLong() > YOUNG_MILLIS;
        } catch (IOException e) {
            return false;
        }
    }
}
