package org.fednano.llm.store;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.fednano.sample.Features;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Features by the run that they belong to and their content's name. What was not used for longest leaves memory for disk,
 * and the disk for good; so does what nobody used for some hours. Nothing may depend on an entry being there. For many
 * threads.
 *
 * <p>A run is named by a secret: without it an entry is neither found nor seen to be there.
 */
public final class FeatureStore implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FeatureStore.class);

    /** What an entry takes beside its values. */
    private static final int OVERHEAD = 512;

    /**
     * Bounds.
     *
     * @param memory bytes in memory; 0: there is no store
     * @param disk bytes in files; 0: none
     * @param folder where a folder of its own is made for files, and what killed processes left there is removed; null: Java's place for temporary files
     * @param keep how long an entry stays that nobody uses
     */
    public record Limits(long memory, long disk, Path folder, Duration keep) {

        /** No store. */
        public static final Limits NONE = new Limits(0, 0, null, Duration.ZERO);
    }

    /**
     * What it holds and has done.
     *
     * @param entries in memory and on disk
     * @param memory bytes
     * @param disk bytes
     * @param hits entries asked for and found
     * @param misses entries asked for and not found
     * @param evicted entries let go for room
     */
    public record Figures(int entries, long memory, long disk, long hits, long misses, long evicted) {}

    private record Key(String run, String id) {}

    private static final class Entry {
        private final Features features; // null: on disk
        private final SpillFolder.Spilled file; // null: in memory
        private final long bytes;
        private long used;

        Entry(Features features, SpillFolder.Spilled file, long bytes, long used) {
            this.features = features;
            this.file = file;
            this.bytes = bytes;
            this.used = used;
        }
    }

    private final Limits limits;
    private final LongSupplier nanoTime;
    private final SpillFolder folder;
    private final Map<Key, Entry> memory = new LinkedHashMap<>(16, 0.75f, true); // least recently used first
    private final Map<Key, Entry> disk = new LinkedHashMap<>(16, 0.75f, true);
    private long memoryBytes;
    private long diskBytes;
    private long hits;
    private long misses;
    private long evicted;
    private boolean closed;

    public FeatureStore(Limits limits) {
        this(limits, System::nanoTime);
    }

    FeatureStore(Limits limits, LongSupplier nanoTime) {
        this.limits = limits;
        this.nanoTime = nanoTime;
        folder = new SpillFolder(limits.folder());
        if (limits.disk() > 0) {
            try {
                folder.open();
            } catch (IOException e) {
                LOG.warn("Features will not be written to disk unless this is cured: {}", e.toString());
            }
        }
    }

    /**
     * Keeps features.
     *
     * @return false if they take more than the whole store
     */
    public synchronized boolean put(String run, Features features) {
        Key key = new Key(run, features.id());
        if (touch(key)) {
            return true;
        }
        long bytes = features.bytes() + OVERHEAD;
        if (closed || bytes > Math.max(limits.memory(), limits.disk())) {
            return false;
        }
        Entry entry = new Entry(features, null, bytes, nanoTime.getAsLong());
        if (bytes <= limits.memory()) {
            add(key, entry);
            return true;
        }
        return spill(key, entry);
    }

    /** Whether features are held; marks them as used. */
    public synchronized boolean has(String run, String id) {
        return count(touch(new Key(run, id)));
    }

    /** Features that are held, or null; marks them as used. */
    public synchronized Features find(String run, String id) {
        Key key = new Key(run, id);
        Entry entry = touch(key) ? memory.get(key) : null;
        if (entry != null) {
            count(true);
            return entry.features;
        }
        Entry away = disk.get(key);
        Features read = away == null ? null : folder.read(away.file, id);
        if (read != null && away.bytes <= limits.memory()) {
            remove(disk, key);
            add(key, new Entry(read, null, away.bytes, nanoTime.getAsLong()));
        } else if (read == null && away != null) {
            remove(disk, key); // damaged, or taken away by somebody
        }
        count(read != null);
        return read;
    }

    /** Forgets a run. */
    public synchronized void drop(String run) {
        forget(memory, run);
        forget(disk, run);
    }

    private void forget(Map<Key, Entry> entries, String run) {
        entries.keySet().stream().filter(key -> key.run().equals(run)).toList().forEach(key -> remove(entries, key));
    }

    /** Forgets what nobody has used for long; to be called now and then. */
    public synchronized void sweep() {
        for (Map<Key, Entry> entries : List.of(memory, disk)) {
            while (!entries.isEmpty()) {
                Map.Entry<Key, Entry> eldest = entries.entrySet().iterator().next();
                if (nanoTime.getAsLong() - eldest.getValue().used
                        < limits.keep().toNanos()) {
                    break;
                }
                remove(entries, eldest.getKey());
            }
        }
    }

    private boolean touch(Key key) {
        Entry entry = memory.get(key);
        if (entry == null) {
            entry = disk.get(key);
        }
        if (entry != null) {
            entry.used = nanoTime.getAsLong();
        }
        return entry != null;
    }

    private boolean count(boolean found) {
        if (found) {
            hits++;
        } else {
            misses++;
        }
        return found;
    }

    private void add(Key key, Entry entry) {
        memory.put(key, entry);
        memoryBytes += entry.bytes;
        for (Iterator<Map.Entry<Key, Entry>> eldest = memory.entrySet().iterator(); memoryBytes > limits.memory(); ) {
            Map.Entry<Key, Entry> gone = eldest.next();
            eldest.remove();
            memoryBytes -= gone.getValue().bytes;
            if (!spill(gone.getKey(), gone.getValue())) {
                evicted++;
            }
        }
    }

    private boolean spill(Key key, Entry entry) {
        if (entry.bytes > limits.disk()) {
            return false;
        }
        while (diskBytes + entry.bytes > limits.disk()) {
            remove(disk, disk.keySet().iterator().next());
            evicted++;
        }
        try {
            disk.put(key, new Entry(null, folder.write(entry.features), entry.bytes, entry.used));
            diskBytes += entry.bytes;
            return true;
        } catch (IOException e) {
            LOG.warn("Features are let go that could not be written: {}", e.toString());
            return false;
        }
    }

    private void remove(Map<Key, Entry> entries, Key key) {
        Entry gone = entries.remove(key);
        if (gone.file == null) {
            memoryBytes -= gone.bytes;
        } else {
            diskBytes -= gone.bytes;
            folder.delete(gone.file);
        }
    }

    /** What it holds and has done. */
    public synchronized Figures figures() {
        return new Figures(memory.size() + disk.size(), memoryBytes, diskBytes, hits, misses, evicted);
    }

    /** Forgets everything. */
    @Override
    public synchronized void close() {
        closed = true;
        memory.clear();
        disk.clear();
        memoryBytes = 0;
        diskBytes = 0;
        folder.close();
    }
}
