package org.fednano.llm.client;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;

/** Waits take no time; the clock goes on by what they would have taken. */
final class FakeClock implements WaitingClock {

    final List<Double> seconds = new CopyOnWriteArrayList<>();
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5_000_000_000L); // overflows soon, as it may

    @Override
    public long nanos() {
        return now.get();
    }

    @Override
    public void await(Condition change, long nanos) {
        seconds.add(nanos / 1e9);
        now.addAndGet(nanos);
    }

    @Override
    public double random() {
        return 0;
    }
}
