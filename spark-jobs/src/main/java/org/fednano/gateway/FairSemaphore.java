package org.fednano.gateway;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** So much of something at a time; those who wait are served in the order in which they came. */
final class FairSemaphore {

    private final long capacity;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Object> line = new ArrayDeque<>();
    private long taken;

    FairSemaphore(long capacity) {
        this.capacity = capacity;
    }

    long capacity() {
        return capacity;
    }

    /**
     * Waits its turn.
     *
     * @param amount the capacity at most
     * @param check looked at while waiting: what it throws ends the wait
     */
    void take(long amount, Runnable check) {
        Object place = new Object();
        lock.lock();
        try {
            line.add(place);
            while (line.peek() != place || amount > capacity - taken) {
                check.run();
                PollingWait.interruptibly(() -> changed.await(PollingWait.LOOK_MILLIS, TimeUnit.MILLISECONDS));
            }
            taken += amount;
        } finally {
            line.remove(place);
            changed.signalAll();
            lock.unlock();
        }
    }

    int waiting() {
        lock.lock();
        try {
            return line.size();
        } finally {
            lock.unlock();
        }
    }

    void give(long amount) {
        lock.lock();
        try {
            taken -= amount;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
