package org.fednano.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.fednano.settings.JobException;

/**
 * A file of a model folder, looked at before it is opened: a folder that was downloaded is input like any other. A pipe would
 * never end, a device might, and a link may lead to what is nobody's business.
 */
public final class ModelFile {

    /** The largest tokenizers have some 40 MB. As JSON it takes many times its size in memory. */
    private static final long MOST_TEXT = 64L << 20;

    private ModelFile() {}

    /**
     * A file that may be opened.
     *
     * @param folder that it must lie in; links may lead within it, and from Hugging Face's cache to that model's own blobs
     * @throws IOException if there is none
     * @throws JobException with status 3 if it is no regular file, or a link leads out
     */
    public static Path of(Path folder, String name) throws IOException {
        Path file = folder.resolve(name);
        Path real = file.toRealPath();
        Path root = folder.toRealPath();
        Path snapshots = root.getParent();
        boolean cache = snapshots != null && snapshots.endsWith("snapshots");
        if (!real.startsWith(root) && !(cache && real.startsWith(snapshots.resolveSibling("blobs")))) {
            throw JobException.badInput(
                    "File " + file + " must lie in its own folder: found a link that leads out of it."
                            + " Copy what it points to there.");
        }
        requireRegular(file);
        return file;
    }

    /**
     * Text of such a file.
     *
     * @throws IOException if it cannot be read
     * @throws JobException as {@link #of}; also if it is absurdly long
     */
    public static String text(Path folder, String name) throws IOException {
        Path file = of(folder, name);
        long size = Files.size(file);
        if (size > MOST_TEXT) {
            throw JobException.badInput("File " + file + " is read as text of at most " + MOST_TEXT + " bytes: found "
                    + size + ". Copy the model again.");
        }
        return Files.readString(file);
    }

    /** @throws JobException with status 3 if something is there that is no regular file */
    static void requireRegular(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw JobException.badInput("A regular file expected at " + file + ": found "
                    + (Files.isDirectory(file) ? "a folder" : "a pipe or a device") + ". Copy the model again.");
        }
    }
}
