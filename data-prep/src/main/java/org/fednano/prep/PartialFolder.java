package org.fednano.prep;

import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.process.ProcessMark;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folder beside an output in which it is written, under a name that says which process writes. */
final class PartialFolder {

    private static final Logger LOG = LoggerFactory.getLogger(PartialFolder.class);

    private PartialFolder() {}

    /** Fills a folder. */
    interface Writing {
        void to(Path partial) throws IOException;
    }

    /**
     * Writes beside the output and renames when complete; a failure leaves nothing behind. What a killed process of this
     * host left of the same output is removed first; of those of other hosts nothing is known.
     */
    static void publish(Path out, Configuration hadoop, Writing writing) throws IOException {
        FileSystem files = out.getFileSystem(hadoop);
        Path home = files.makeQualified(out).getParent();
        String beginning = "." + out.getName() + ".partial-";
        removeLeftovers(files, home, beginning);
        // Three parts: a colon in a name is no scheme.
        Path name = new Path(null, null, beginning + ProcessMark.here().text() + UUID.randomUUID());
        Path partial = new Path(home, name);
        make(files, partial, out);
        try {
            writing.to(partial);
            // Unlike FileSystem.rename this never moves into a folder that another writer made meanwhile.
            FileContext.getFileContext(partial.toUri(), hadoop).rename(partial, files.makeQualified(out));
        } finally {
            files.delete(partial, true);
        }
    }

    /** Failing costs disk, not the job. */
    private static void removeLeftovers(FileSystem files, Path home, String beginning) {
        try {
            for (FileStatus left : files.listStatus(home, p -> p.getName().startsWith(beginning))) {
                if (ProcessMark.isOfDead(left.getPath().getName())) {
                    LOG.info("Removing {}, left behind by a call that was killed", left.getPath());
                    files.delete(left.getPath(), true);
                }
            }
        } catch (IOException e) {
            LOG.debug("No leftovers were looked for in {}", home, e);
        }
    }

    private static void make(FileSystem files, Path partial, Path out) {
        try {
            if (files.mkdirs(partial)) {
                return;
            }
            throw new IOException("no folder was made at " + partial);
        } catch (IOException e) {
            throw new JobException(
                    ExitStatus.USAGE,
                    "prepare.out must be a folder that can be created: " + out + " cannot (" + e.getMessage()
                            + "). Give another one with --set prepare.out=….",
                    e);
        }
    }
}
