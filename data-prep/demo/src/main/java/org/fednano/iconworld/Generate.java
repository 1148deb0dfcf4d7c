package org.fednano.iconworld;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.fednano.sample.Split;
import org.fednano.settings.DataKeys;
import org.fednano.settings.JobException;
import org.fednano.settings.Settings;

/** The job behind {@code generate}: draws a world into a new folder, all of it or nothing. */
public final class Generate {

    private final Settings settings;
    private final IconWorld world;
    private final Consumer<String> say;

    /**
     * @param settings {@code generate.*}
     * @param say receives lines for people
     */
    public Generate(Settings settings, Consumer<String> say) {
        this.settings = settings;
        this.world = IconWorld.of(settings);
        this.say = say;
    }

    /** What would be drawn, and where. */
    public void describe() {
        say.accept(String.format(
                "IconWorld '%s', seed %d: %,d samples in %s",
                world.world().text(), world.seed(), world.total(), out()));
        for (Owner owner : world.owners()) {
            say.accept(String.format(
                    "  %s: train %,d, val %,d, test %,d, balanced %,d; shift: %s",
                    owner.id(),
                    owner.rows().get(Split.TRAIN),
                    owner.rows().get(Split.VAL),
                    owner.rows().get(Split.TEST),
                    owner.rows().get(Split.BALANCED),
                    owner.text()));
        }
    }

    /** Refuses an output folder that exists. */
    public void check() {
        if (Files.exists(out())) {
            throw JobException.usage("generate.out must not exist yet, so that nothing is overwritten: found " + out()
                    + ". Remove it or give another folder with --set generate.out=….");
        }
    }

    /**
     * Draws everything beside the output folder and renames it when complete.
     *
     * @throws JobException with status 2 if the folder exists or cannot be written
     */
    public void run() {
        check();
        long start = System.nanoTime();
        Path out = out();
        Path partial = out.resolveSibling(
                "." + out.getFileName() + ".partial-" + ProcessHandle.current().pid());
        try {
            Files.createDirectories(partial);
            new ReleaseWriter(world, partial, settings.get(DataKeys.GENERATE_RECORD_FILES)).write();
            Files.move(partial, out, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new JobException(
                    org.fednano.settings.ExitStatus.USAGE,
                    "Cannot write the data set to generate.out = " + out + ": " + e
                            + ". Give a folder that can be written, with room for it.",
                    e);
        } finally {
            delete(partial);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        say.accept(String.format(
                "drew %,d samples (%s) in %.1f s: %s",
                world.total(),
                world.owners().stream().map(Owner::id).limit(8).collect(Collectors.joining(", ")),
                seconds,
                out));
    }

    /** Writes a contact sheet of the world. */
    public void preview(Path file) {
        try {
            ContactSheet.write(world, file);
            say.accept("preview of world '" + world.world().text() + "': " + file);
        } catch (IOException e) {
            throw new JobException(
                    org.fednano.settings.ExitStatus.USAGE, "Cannot write the preview to " + file + ": " + e, e);
        }
    }

    private Path out() {
        return Path.of(settings.get(DataKeys.GENERATE_OUT)).toAbsolutePath().normalize();
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path dir, IOException e) throws IOException {
                    Files.delete(dir);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot remove the unfinished folder " + folder, e);
        }
    }
}
