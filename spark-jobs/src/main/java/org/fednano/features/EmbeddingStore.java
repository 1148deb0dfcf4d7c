package org.fednano.features;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.fednano.encoder.NanoEdge;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The token-embedding rows that one client's texts need, kept with the client: each row is fetched from the endpoint once.
 * The folder holds {@link EmbeddingSegment}s; a damaged one is deleted and its rows are fetched again. The heap holds the
 * ids, at most {@value #PENDING_BYTES} bytes of rows that are not written yet, and {@value #RECENT_BYTES} of others. For one thread.
 */
public final class EmbeddingStore implements NanoEdge.EmbeddingRows, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddingStore.class);

    /** Rows wait in memory until there are this many bytes: fewer files, little to lose when a task dies. */
    private static final long PENDING_BYTES = 8L << 20;

    /** Rows of the words that every prompt has stay in memory: a read at a position opens the file anew on some systems. */
    private static final long RECENT_BYTES = 8L << 20;

    private final FileSystem fs;
    private final Path folder;
    private final int hidden; // H
    private final NanoEdge.EmbeddingRows endpoint;
    private final List<EmbeddingSegment> segments = new ArrayList<>();
    private final TreeMap<Integer, float[]> pending = new TreeMap<>();
    private final Map<Integer, float[]> recent = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, float[]> eldest) {
            return size() * 4L * hidden > RECENT_BYTES;
        }
    };
    private boolean writable = true;
    private boolean temporary;

    /**
     * @param fs where the folder is
     * @param folder of one client and one LLM; need not be there
     * @param hidden H
     * @param endpoint where rows come from that are not there yet
     */
    EmbeddingStore(FileSystem fs, Path folder, int hidden, NanoEdge.EmbeddingRows endpoint) {
        this.fs = fs;
        this.folder = folder;
        this.hidden = hidden;
        this.endpoint = endpoint;
        try {
            if (fs.exists(folder)) {
                for (FileStatus file : fs.listStatus(folder, p -> p.getName().endsWith(EmbeddingSegment.SUFFIX))) {
                    open(file.getPath());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Reading " + folder + ": " + e.getMessage(), e);
        }
    }

    /** For rows of nobody in particular: kept for as long as it is open, in a scratch folder of this machine. */
    public static EmbeddingStore temporary(Configuration conf, int hidden, NanoEdge.EmbeddingRows endpoint) {
        Path folder = new Path(new Path(ClientRuntime.scratch().toUri()), "fednano-embeddings-" + UUID.randomUUID());
        try {
            EmbeddingStore store = new EmbeddingStore(folder.getFileSystem(conf), folder, hidden, endpoint);
            store.temporary = true;
            return store;
        } catch (IOException e) {
            throw new UncheckedIOException("Opening " + folder + ": " + e.getMessage(), e);
        }
    }

    /** What cannot be read, or not be deleted, costs calls, not the job: rows are a cache. */
    private void open(Path file) {
        try {
            Optional<EmbeddingSegment> segment = EmbeddingSegment.open(fs, file, hidden);
            if (segment.isPresent()) {
                segments.add(segment.get());
            } else {
                LOG.warn("{} is damaged: its rows are fetched again", file);
                fs.delete(file, false);
            }
        } catch (IOException e) {
            LOG.warn("{} is left alone: {}", file, kind(e));
        }
    }

    /** Not its message: a store may quote a client's credentials in it. */
    private static String kind(IOException e) {
        return e.getClass().getName();
    }

    /**
     * @param ids (N), each at most once
     * @return (N, H)
     */
    @Override
    public float[] embed(int[] ids) {
        float[] rows = new float[Math.multiplyExact(ids.length, hidden)];
        int[] missing = new int[ids.length]; // places in ids
        int count = 0;
        for (int i = 0; i < ids.length; i++) {
            if (!find(ids[i], rows, i)) {
                missing[count++] = i;
            }
        }
        if (count > 0) {
            fetch(ids, Arrays.copyOf(missing, count), rows);
        }
        return rows;
    }

    private boolean find(int id, float[] rows, int to) {
        float[] waiting = pending.getOrDefault(id, recent.get(id));
        if (waiting != null) {
            System.arraycopy(waiting, 0, rows, to * hidden, hidden);
            return true;
        }
        for (EmbeddingSegment segment : segments) {
            int place = segment.find(id);
            if (place >= 0) {
                try {
                    segment.read(place, rows, to);
                    recent.put(id, Arrays.copyOfRange(rows, to * hidden, (to + 1) * hidden));
                    return true;
                } catch (IOException e) {
                    throw new UncheckedIOException("Reading " + segment.file() + ": " + e.getMessage(), e);
                }
            }
        }
        return false;
    }

    private void fetch(int[] ids, int[] places, float[] rows) {
        float[] fetched = endpoint.embed(Arrays.stream(places).map(i -> ids[i]).toArray());
        if (fetched.length != places.length * hidden) {
            throw JobException.badInput("Embedding rows must hold N*H values: expected "
                    + places.length + "*" + hidden + ", got " + fetched.length
                    + ". Encoder and LLM are of different models.");
        }
        for (int m = 0; m < places.length; m++) {
            System.arraycopy(fetched, m * hidden, rows, places[m] * hidden, hidden);
            if (writable) {
                pending.put(ids[places[m]], Arrays.copyOfRange(fetched, m * hidden, (m + 1) * hidden));
                if (pending.size() * 4L * hidden >= PENDING_BYTES) {
                    write();
                }
            }
        }
    }

    /** A folder that cannot be written costs calls, not the job: rows are a cache. */
    private void write() {
        if (pending.isEmpty()) {
            return;
        }
        try {
            Path file = EmbeddingSegment.write(fs, folder, pending);
            EmbeddingSegment.open(fs, file, hidden).ifPresent(segments::add);
        } catch (IOException e) {
            writable = false;
            LOG.warn("Embedding rows cannot be kept in {} and are fetched each time: {}", folder, kind(e));
        }
        pending.clear();
    }

    /** Keeps what was fetched. */
    @Override
    public void close() {
        if (!temporary) {
            write();
        }
        for (EmbeddingSegment segment : segments) {
            try {
                segment.close();
            } catch (IOException e) {
                LOG.warn("Closing {}: {}", segment.file(), kind(e));
            }
        }
        if (temporary) {
            delete();
        }
    }

    private void delete() {
        try {
            fs.delete(folder, true);
        } catch (IOException e) {
            LOG.warn("Deleting {}: {}", folder, kind(e));
        }
    }
}
