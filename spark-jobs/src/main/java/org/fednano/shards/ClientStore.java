package org.fednano.shards;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.sample.Split;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's folder, opened where the client runs. A client with Hadoop settings of its own gets a file system of its own:
 * Hadoop's shared ones are told apart by scheme, host and user alone, so that one client's credentials would serve another.
 */
public final class ClientStore implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ClientStore.class);

    private static final String SPLIT = "split=";

    private final ClientLocation place;
    private final FileSystem files;

    private ClientStore(ClientLocation place, FileSystem files) {
        this.place = place;
        this.files = files;
    }

    /**
     * Opens the folder of a client that can take part.
     *
     * @param job Hadoop settings of the job; the client's own go over them
     * @throws JobException with status 3 if the client is in trouble, or its file system cannot be opened
     */
    public static ClientStore open(ClientLocation place, Configuration job) {
        if (!place.trouble().isEmpty()) {
            throw JobException.badInput(place.trouble());
        }
        return reach(place, job);
    }

    /** The same, whatever was the trouble before. */
    public static ClientStore reach(ClientLocation place, Configuration job) {
        Path rows = new Path(place.rows());
        try {
            if (place.hadoop().isEmpty()) {
                return new ClientStore(place, rows.getFileSystem(job));
            }
            Configuration conf = new Configuration(job);
            place.hadoop().forEach(conf::set);
            return new ClientStore(place, FileSystem.newInstance(rows.toUri(), conf));
        } catch (IOException | RuntimeException e) {
            throw unreachable(place, e);
        }
    }

    private static JobException unreachable(ClientLocation place, Exception e) {
        return JobException.badInput(place.redact("The folder of client " + place.id() + ", " + place.rows()
                + ", cannot be read: " + e + ". Check its uri and its Hadoop settings, or switch the client off."));
    }

    public FileSystem files() {
        return files;
    }

    /** The rows of its segments. */
    public ClientRows rows() {
        return new ClientRows(files, place);
    }

    /** Whose folder it is. */
    public ClientLocation place() {
        return place;
    }

    /**
     * Lists the segments that are there: the folder itself, then the dated ones within the window, oldest first.
     *
     * @throws JobException with status 3 if there is no such folder, a date cannot be read, or files lie where no split is
     */
    public List<String> segments(DataWindow window) {
        Path root = new Path(place.rows());
        try {
            TreeMap<LocalDate, String> dated = new TreeMap<>();
            for (FileStatus entry : files.listStatus(root)) {
                String name = entry.getPath().getName();
                requireInSplit(entry);
                if (entry.isDirectory() && name.startsWith(ClientLocation.DATE)) {
                    LocalDate date = date(entry.getPath());
                    if (window.holds(date)) {
                        for (FileStatus inner : files.listStatus(entry.getPath())) {
                            requireInSplit(inner);
                        }
                        dated.put(date, name);
                    }
                }
            }
            List<String> segments = new ArrayList<>(dated.values());
            segments.add(0, ClientLocation.UNDATED);
            return segments;
        } catch (FileNotFoundException e) {
            throw JobException.badInput("A folder with the rows of client " + place.id() + " expected at " + root
                    + ": found none. Correct its uri, or switch the client off.");
        } catch (IOException e) {
            throw unreachable(place, e);
        }
    }

    private LocalDate date(Path folder) {
        try {
            return LocalDate.parse(folder.getName().substring(ClientLocation.DATE.length()));
        } catch (DateTimeParseException e) {
            throw JobException.badInput("Dated folders of client " + place.id() + " are called date=2026-01-31: found "
                    + folder + ". Rename it.");
        }
    }

    /** Rows that no split would ever read must not lie there unnoticed. */
    private void requireInSplit(FileStatus entry) {
        String name = entry.getPath().getName();
        boolean unknown = entry.isDirectory()
                && name.startsWith(SPLIT)
                && Split.of(name.substring(SPLIT.length())).isEmpty();
        if (unknown || entry.isFile() && ShardPaths.isRows(entry.getPath())) {
            throw JobException.badInput(
                    "Rows of client " + place.id() + " must lie in split=train, split=val, split=test"
                            + " or split=balanced: found " + entry.getPath() + ". Move it there.");
        }
    }

    @Override
    public void close() {
        if (!place.hadoop().isEmpty()) {
            try {
                files.close();
            } catch (IOException e) {
                LOG.warn("Closing the file system of client {}: {}", place.id(), place.redact(e.toString()));
            }
        }
    }
}
