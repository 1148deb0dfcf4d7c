package org.fednano.process;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.fednano.digest.Sha256;

/**
 * A process, as part of the name of what it is making: whoever finds that later can tell whether its maker is gone, and
 * need not wait until it is old.
 *
 * @param host host name, with the process-id namespace where there are such: containers may share a host's name
 * @param pid process id
 * @param startedMillis when the process started, since ids are used again; 0 if unknown
 */
public record ProcessMark(String host, long pid, long startedMillis) {

    private static final Pattern IN_NAME = Pattern.compile("~([0-9a-f]{8})\\.([0-9]{1,18})\\.([0-9]{1,18})~");
    private static final String LOCAL = localHost();
    private static final String LOCAL_SHORT = brief(LOCAL + boot());
    private static final ProcessMark HERE = ofThis();

    /** Start times come from clock ticks since boot: the same process may differ by some of them. */
    private static final long TICKS_MILLIS = 2_000;

    /** This process. */
    public static ProcessMark here() {
        return HERE;
    }

    private static ProcessMark ofThis() {
        ProcessHandle me = ProcessHandle.current();
        return new ProcessMark(LOCAL, me.pid(), started(me));
    }

    /** The mark as it stands in names: letters, digits, dots and tildes. */
    public String text() {
        return "~" + (host.equals(LOCAL) ? LOCAL_SHORT : brief(host)) + "." + pid + "." + startedMillis + "~";
    }

    /** Whether a name bears the mark of a process that ran on this host and is gone. */
    public static boolean isOfDead(String name) {
        return in(name).map(ProcessMark::isKnownDead).orElse(false);
    }

    /** The mark in a name; a process of another host than this one keeps the short form of its host. */
    static Optional<ProcessMark> in(String name) {
        Matcher mark = IN_NAME.matcher(name);
        return mark.find()
                ? Optional.of(new ProcessMark(
                        mark.group(1).equals(LOCAL_SHORT) ? LOCAL : mark.group(1),
                        Long.parseLong(mark.group(2)),
                        Long.parseLong(mark.group(3))))
                : Optional.empty();
    }

    /** Whether the process ran on this host and is gone; of one elsewhere nothing is known. */
    public boolean isKnownDead() {
        if (!host.equals(LOCAL)) {
            return false;
        }
        Optional<ProcessHandle> process = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
        if (process.isEmpty() || isZombie(pid)) {
            return true;
        }
        long now = started(process.get());
        return startedMillis != 0 && now != 0 && Math.abs(now - startedMillis) > TICKS_MILLIS;
    }

    private static long started(ProcessHandle process) {
        return process.info().startInstant().map(i -> i.toEpochMilli()).orElse(0L);
    }

    private static String brief(String host) {
        return Sha256.of(host.getBytes(StandardCharsets.UTF_8)).substring(0, 8);
    }

    /** Hosts that share a name, and a file system, still started at different times. */
    private static String boot() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/random/boot_id"));
        } catch (IOException e) {
            return "";
        }
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
