package org.fednano.llm.server;

import java.time.Duration;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;

/** Counts the requests that are held, and their bytes; says no when there are too many, and when the server drains. */
final class Admission {

    private final int most;
    private final long mostBytes;
    private int held;
    private long bytes;
    private boolean closed;

    Admission(int most, long mostBytes) {
        this.most = most;
        this.mostBytes = mostBytes;
    }

    /**
     * Takes a request in.
     *
     * @throws LlmException BUSY or NOT_READY
     */
    synchronized void enter(long size) {
        requireOpen();
        LlmException.require(
                held < most, Reason.BUSY, "The queue is full: requests that wait or run", "at most " + most, held + 1);
        // A request larger than the whole bound must still get through some time: it has the server for itself.
        LlmException.require(
                held == 0 || bytes + size <= mostBytes,
                Reason.BUSY,
                "The queue is full: bytes of requests that wait or run",
                "at most " + mostBytes,
                bytes + size);
        held++;
        bytes += size;
    }

    /** @throws LlmException NOT_READY once the server drains */
    synchronized void requireOpen() {
        if (closed) {
            throw new LlmException(Reason.NOT_READY, "The server is shutting down and takes no new requests");
        }
    }

    /** Changes what a held request takes. */
    synchronized void resize(long from, long to) {
        bytes += to - from;
    }

    synchronized void leave(long size) {
        held--;
        bytes -= size;
        notifyAll();
    }

    /**
     * Takes nothing in from now on, and waits until nothing is held.
     *
     * @return whether that came in time
     */
    synchronized boolean close(Duration wait) throws InterruptedException {
        closed = true;
        long end = System.nanoTime() + wait.toNanos();
        while (held > 0) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            wait(left / 1_000_000 + 1);
        }
        return true;
    }

    synchronized boolean isOpen() {
        return !closed;
    }

    synchronized int held() {
        return held;
    }

    synchronized long bytes() {
        return bytes;
    }
}
