package org.fednano.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.Path;
import org.fednano.settings.ExitStatus;
import org.fednano.settings.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to write to a run folder. Leases are numbered files {@code lease/00000012.json}, each published without
 * overwriting: whoever publishes the next number holds the run, so of racing acquirers exactly one wins, and there is no
 * instant between "the old lease is gone" and "mine is there". The holder rewrites its own file as heartbeat. A lease
 * lapses when it is released, when its process is known to be dead, or when its file is older than its timeout by the file
 * system's own clock. {@code lease.json} shows the holder to people; the program never reads it, since a holder that
 * was paused past its timeout might overwrite its successor's.
 */
public final class Lease implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Lease.class);

    /**
     * When a lease lives on.
     *
     * @param heartbeat time between two signs of life
     * @param timeout age of the last one after which others may take over
     */
    public record Timing(Duration heartbeat, Duration timeout) {
        /** A dozen missed heartbeats: longer than any pause of a healthy JVM, shorter than a scheduler's retry. */
        public static final Timing DEFAULT = new Timing(Duration.ofSeconds(5), Duration.ofSeconds(60));
    }

    private final RunFiles files;
    private final Path run;
    private final Path folder;
    private final long number;
    private final LeaseOwner owner;
    private final Timing timing;
    private final Instant acquiredAt = Instant.now();
    private final ScheduledExecutorService heart;
    private boolean closed;

    private Lease(RunFiles files, Path run, long number, LeaseOwner owner, Timing timing) {
        this.files = files;
        this.run = run;
        this.folder = folder(run);
        this.number = number;
        this.owner = owner;
        this.timing = timing;
        this.heart = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "run lease " + run.getName());
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Takes the lease of a run folder.
     *
     * @throws JobException status 6 if another writer holds it
     */
    public static Lease acquire(RunFiles files, Path run, Timing timing) throws IOException {
        Path folder = folder(run);
        long last = highest(files, folder);
        if (last > 0) {
            refuseIfHeld(files, run, last);
        }
        Lease lease = new Lease(files, run, last + 1, LeaseOwner.here(), timing);
        boolean won = files.publish(lease.file(), lease.document(false));
        if (won && highest(files, folder) > last + 1) {
            // We looked long ago: others came, went and cleaned up, and our number is an old one.
            files.delete(lease.file());
            won = false;
        }
        if (!won) {
            lease.heart.shutdown();
            throw held(files, run, highest(files, folder));
        }
        for (String name : files.list(folder)) {
            if (numberOf(name) > 0 && numberOf(name) <= last) {
                files.delete(new Path(folder, name));
            }
        }
        files.cleanTemporaries(folder, timing.timeout().toMillis());
        files.replace(lease.shown(), lease.document(false));
        lease.startHeart();
        return lease;
    }

    private static void refuseIfHeld(RunFiles files, Path run, long number) throws IOException {
        Path file = file(run, number);
        JsonNode document;
        try {
            document = Json.read(files, file);
        } catch (IOException e) {
            if (files.exists(file)) {
                throw e;
            }
            // Its successor has just removed it: so there is a successor.
            throw held(files, run, highest(files, folder(run)));
        }
        if (document.path("released").asBoolean()) {
            return;
        }
        if (LeaseOwner.read(document).isKnownDead()) {
            LOG.warn("Taking over {}: the process that held it is gone ({})", run, document.path("pid"));
            return;
        }
        long timeout =
                document.path("timeout_seconds").asLong(Timing.DEFAULT.timeout().toSeconds());
        long now = files.nowMillis(folder(run));
        OptionalLong beat = files.modifiedMillis(file);
        if (beat.isEmpty()) {
            // Its successor has removed it while we asked for the time.
            throw held(files, run, highest(files, folder(run)));
        }
        long age = now - beat.getAsLong();
        if (age <= 1000 * timeout) {
            throw held(files, run, number);
        }
        LOG.warn("Taking over {}: its holder gave no sign of life for {} s", run, age / 1000);
    }

    /**
     * Whether somebody seems to hold a run, asked without writing: by the clock of this host, for a word to people. One
     * whose lease cannot be read holds nothing.
     */
    public static boolean seemsHeld(RunFiles files, Path run) throws IOException {
        long last = highest(files, folder(run));
        if (last == 0) {
            return false;
        }
        Path file = file(run, last);
        OptionalLong beat = files.modifiedMillis(file);
        if (beat.isEmpty()) {
            return true; // its successor has removed it this moment
        }
        JsonNode document;
        try {
            document = Json.read(files, file);
            if (document.path("released").asBoolean()
                    || LeaseOwner.read(document).isKnownDead()) {
                return false;
            }
        } catch (JobException | DateTimeException e) {
            return false;
        }
        long timeout =
                document.path("timeout_seconds").asLong(Timing.DEFAULT.timeout().toSeconds());
        return System.currentTimeMillis() - beat.getAsLong() <= 1000 * timeout;
    }

    /**
     * Fails if the lease is lost. What is published after this call is guarded a second time by publishing without
     * overwriting.
     *
     * @throws JobException status 6
     */
    public synchronized void check() {
        try {
            long highest = highest(files, folder);
            if (highest != number || !isOurs()) {
                throw held(files, run, highest);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("The lease of " + run + " cannot be checked", e);
        }
    }

    /** Whether the lease is still ours, as far as can be seen. */
    public synchronized boolean isHeld() {
        try {
            return !closed && highest(files, folder) == number && isOurs();
        } catch (IOException e) {
            return false;
        }
    }

    /** Releases the lease, if it is still ours. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        boolean held = isHeld();
        closed = true;
        heart.shutdownNow();
        try {
            if (held) {
                files.delete(shown());
                files.replace(file(), document(true));
            }
        } catch (IOException e) {
            // Others see a dead process, or wait for the timeout: nothing is lost.
            LOG.warn("The lease of {} was not released: {}", run, e.toString());
        }
    }

    private void startHeart() {
        long millis = timing.heartbeat().toMillis();
        heart.scheduleWithFixedDelay(this::beat, millis, millis, TimeUnit.MILLISECONDS);
    }

    private synchronized void beat() {
        if (closed) {
            return;
        }
        try {
            if (highest(files, folder) == number && isOurs()) {
                files.replace(file(), document(false));
                files.replace(shown(), document(false));
            } else {
                LOG.warn("The lease of {} is lost; the next commit will be refused", run);
                heart.shutdown();
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("No heartbeat for the lease of {}: {}", run, e.toString());
        }
    }

    private boolean isOurs() throws IOException {
        try {
            return LeaseOwner.read(Json.read(files, file())).uuid().equals(owner.uuid());
        } catch (IOException e) {
            if (files.exists(file())) {
                throw e;
            }
            return false;
        }
    }

    private byte[] document(boolean released) {
        ObjectNode document = Json.document();
        document.put("lease", number);
        owner.write(document);
        document.put("acquired_at", acquiredAt.toString())
                .put("heartbeat_at", Instant.now().toString())
                .put("timeout_seconds", timing.timeout().toSeconds())
                .put("released", released);
        return Json.bytes(document);
    }

    private static JobException held(RunFiles files, Path run, long number) {
        Path file = file(run, number);
        String who;
        try {
            JsonNode d = Json.read(files, file);
            who = "host " + d.path("host").asText() + ", process "
                    + d.path("pid").asText() + ", since "
                    + d.path("acquired_at").asText() + ", last heartbeat "
                    + d.path("heartbeat_at").asText();
        } catch (IOException e) {
            // It has come and gone, or its folder was removed under us: either way this run is not ours.
            who = "another writer";
        }
        return new JobException(
                ExitStatus.RUN_HELD,
                "Run folder " + run + " has one writer at a time: found it held by " + who + " (" + file
                        + "). Wait until that one ends; if it is gone, its lease lapses "
                        + Timing.DEFAULT.timeout().toSeconds() + " s after its last heartbeat.");
    }

    private static long highest(RunFiles files, Path folder) throws IOException {
        List<String> names = files.list(folder);
        return names.stream().mapToLong(Lease::numberOf).max().orElse(0);
    }

    /** The number in a lease's file name; 0 for other files. */
    private static long numberOf(String name) {
        return name.matches("[0-9]{8,18}\\.json") ? Long.parseLong(name.substring(0, name.length() - 5)) : 0;
    }

    private Path file() {
        return file(run, number);
    }

    private Path shown() {
        return new Path(run, "lease.json");
    }

    private static Path file(Path run, long number) {
        return new Path(folder(run), String.format("%08d.json", number));
    }

    /** Where the leases of a run lie. */
    public static Path folder(Path run) {
        return new Path(run, "lease");
    }
}
