package org.fednano.llm.server;

import java.time.Duration;
import org.fednano.llm.LlmException;
import org.fednano.llm.Reason;

/**
 * Counts what is held of requests, from the headers of each until its answer has left; says no when there is too much,
 * in all or of one connection, and when the server drains. Small requests have a room of their own, so that questions are
 * answered while the queue is full.
 */
final class Admission {

    /** Up to here a message is small: read and checked before it is let into the queue. */
    static final int SMALL = 1 << 16;

    /** What a call takes at least, also one whose message is empty or never comes: its headers, and what gRPC keeps for it. */
    static final int CALL = 1 << 12;

    private static final long LEAST_SMALL_ROOM = 1 << 20;
    private static final long MOST_SMALL_ROOM = 16 << 20;

    private final int most;
    private final long mostBytes;
    private final long mostSmall;
    private final long mostOfOne;
    private int held;
    private long bytes;
    private long small;
    private boolean closed;

    /**
     * @param most requests in the queue
     * @param mostBytes of those
     * @param messageBytes of the largest one, which a connection may always hold
     */
    Admission(int most, long mostBytes, long messageBytes) {
        this.most = most;
        this.mostBytes = mostBytes;
        mostSmall = Math.max(LEAST_SMALL_ROOM, Math.min(MOST_SMALL_ROOM, mostBytes / 8));
        mostOfOne = Math.max(mostBytes / 2, messageBytes);
    }

    /** What one connection holds. */
    static final class Share {
        private volatile long bytes;
        private volatile long small;

        /** Whether no call of the connection is open. */
        boolean isEmpty() {
            return bytes == 0 && small == 0;
        }
    }

    /** What one request takes. */
    final class Holding {
        private final Share share;
        private long size;
        private boolean large;
        private boolean queued;
        private boolean ended;

        private Holding(Share share) {
            this.share = share;
        }

        /**
         * So much of it is there by now; 0: its headers.
         *
         * @throws LlmException BUSY
         */
        void grow(long to) {
            synchronized (Admission.this) {
                if (!ended) {
                    requireRoom(to, to > SMALL);
                    become(to, to > SMALL);
                }
            }
        }

        /**
         * Takes it into the queue.
         *
         * @throws LlmException BUSY or NOT_READY
         */
        void enter(long to) {
            synchronized (Admission.this) {
                requireOpen();
                LlmException.require(
                        held < most,
                        Reason.BUSY,
                        "The queue is full: requests that wait or run",
                        "at most " + most,
                        held + 1);
                requireRoom(to, true);
                if (!ended) {
                    become(to, true);
                    held++;
                    queued = true;
                }
            }
        }

        /** It is whole or unpacked, and takes so much now, whether there is room for it or not. */
        void become(long to) {
            synchronized (Admission.this) {
                if (!ended) {
                    become(to, large);
                }
            }
        }

        /** It neither waits nor runs any more, but its answer takes so much until it has left. */
        void answered(long to) {
            synchronized (Admission.this) {
                become(to);
                unqueue();
            }
        }

        void leave() {
            synchronized (Admission.this) {
                add(-size);
                size = 0;
                unqueue();
                ended = true;
            }
        }

        private void unqueue() {
            if (queued) {
                queued = false;
                held--;
                Admission.this.notifyAll();
            }
        }

        private void become(long to, boolean toLarge) {
            add(-size);
            large |= toLarge;
            size = Math.max(CALL, to);
            add(size);
        }

        private void add(long more) {
            if (large) {
                bytes += more;
                share.bytes += more;
            } else {
                small += more;
                share.small += more;
            }
        }

        private void requireRoom(long of, boolean toLarge) {
            long to = Math.max(CALL, of);
            if (!large && !toLarge) {
                requireFree(small - size + to, mostSmall, "small requests");
                requireFree(share.small - size + to, mostSmall / 2, "small requests of one connection");
                return;
            }
            // One larger than a whole bound must still get through some time: when there is no other.
            long others = bytes - (large ? size : 0);
            long othersOfOne = share.bytes - (large ? size : 0);
            if (others > 0) {
                requireFree(others + to, mostBytes, "requests that wait or run");
            }
            if (othersOfOne > 0) {
                requireFree(othersOfOne + to, mostOfOne, "requests of one connection");
            }
        }
    }

    private static void requireFree(long needed, long most, String whose) {
        LlmException.require(
                needed <= most, Reason.BUSY, "The queue is full: bytes of " + whose, "at most " + most, needed);
    }

    /** Nothing of it is there yet. */
    Holding hold(Share share) {
        return new Holding(share);
    }

    /** @throws LlmException NOT_READY once the server drains */
    synchronized void requireOpen() {
        if (closed) {
            throw new LlmException(Reason.NOT_READY, "The server is shutting down and takes no new requests");
        }
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

    /** Of all requests, small ones too. */
    synchronized long bytes() {
        return bytes + small;
    }
}
