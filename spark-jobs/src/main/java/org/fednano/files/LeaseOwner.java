package org.fednano.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * The process behind a lease.
 *
 * @param host host name, with the process-id namespace where there are such: containers may share a host's name
 * @param pid process id
 * @param startedMillis when the process started, since ids are used again; 0 if unknown
 * @param uuid drawn per lease: one process may hold several runs
 */
record LeaseOwner(String host, long pid, long startedMillis, String uuid) {

    /** This process, with a new uuid. */
    static LeaseOwner here() {
        ProcessHandle me = ProcessHandle.current();
        return new LeaseOwner(
                localHost(), me.pid(), started(me), UUID.randomUUID().toString());
    }

    /** Whether the process ran on this host and is gone: then nobody needs to wait for its lease to lapse. */
    boolean isKnownDead() {
        if (!host.equals(localHost())) {
            return false;
        }
        Optional<ProcessHandle> process = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
        if (process.isEmpty() || isZombie(pid)) {
            return true;
        }
        long now = started(process.get());
        // Start times come from clock ticks since boot: the same process may differ by some of them.
        return startedMillis != 0 && now != 0 && Math.abs(now - startedMillis) > 2_000;
    }

    void write(ObjectNode document) {
        document.put("host", host)
                .put("pid", pid)
                .put("process_started_at", Instant.ofEpochMilli(startedMillis).toString())
                .put("uuid", uuid);
    }

    static LeaseOwner read(JsonNode document) {
        return new LeaseOwner(
                document.path("host").asText(),
                document.path("pid").asLong(),
                Instant.parse(document.path("process_started_at").asText("1970-01-01T00:00:00Z"))
                        .toEpochMilli(),
                document.path("uuid").asText());
    }

    private static long started(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    private static String localHost() {
        String name;
        try {
            Path kernel = Path.of("/proc/sys/kernel/hostname");
            name = Files.isReadable(kernel)
                    ? Files.readString(kernel).strip()
                    : InetAddress.getLocalHost().getHostName();
        } catch (IOException e) {
            name = "localhost";
        }
        try {
            return name + " " + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
        } catch (IOException | UnsupportedOperationException e) {
            return name;
        }
    }

    /** A killed process whose parent has not asked for its status yet still counts as alive to Java. */
    private static boolean isZombie(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return stat.startsWith(" Z", stat.lastIndexOf(')') + 1);
        } catch (IOException e) {
            return false;
        }
    }
}
