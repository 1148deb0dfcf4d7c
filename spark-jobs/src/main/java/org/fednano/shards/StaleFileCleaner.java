package org.fednano.shards;

import java.io.IOException;
import java.time.Duration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.process.ProcessMark;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what killed jobs left of their unfinished folders. Such a folder may also belong to a job that is at work right
 * now: only what nobody has touched for a day goes.
 *
 * @param files where the folder is
 * @param folder that holds unfinished ones
 */
public record StaleFileCleaner(FileSystem files, Path folder) {

    private static final Logger LOG = LoggerFactory.getLogger(StaleFileCleaner.class);
    private static final Duration KEPT = Duration.ofDays(1);

    /** Removes those whose names begin so. Failing costs disk, not the job. */
    public void remove(String prefix) {
        try {
            if (!files.exists(folder)) {
                return;
            }
            for (FileStatus entry : files.listStatus(folder, p -> p.getName().startsWith(prefix))) {
                if (ProcessMark.isOfDead(entry.getPath().getName())
                        || System.currentTimeMillis() - newest(entry) > KEPT.toMillis()) {
                    LOG.info("Removing {}, left behind by a job that was killed", entry.getPath());
                    files.delete(entry.getPath(), true);
                }
            }
        } catch (IOException e) {
            // Its kind alone: a store's own message may quote a client's credentials.
            LOG.warn("Looking for leftovers in {}: {}", folder, e.getClass().getName());
        }
    }

    private long newest(FileStatus entry) throws IOException {
        FileStatus[] inside = entry.isDirectory() ? files.listStatus(entry.getPath()) : new FileStatus[0];
        if (inside.length == 0) {
            return entry.getModificationTime();
        }
        long newest = 0; // object stores give folders the time of now
        for (FileStatus inner : inside) {
            newest = Math.max(newest, newest(inner));
        }
        return newest;
    }
}
