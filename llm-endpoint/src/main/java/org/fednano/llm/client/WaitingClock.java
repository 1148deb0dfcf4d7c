package org.fednano.llm.client;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;

/** Time, as the retries see it. */
interface WaitingClock {

    WaitingClock SYSTEM = new WaitingClock() {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public void await(Condition change, long nanos) throws InterruptedException {
            change.await(nanos, TimeUnit.NANOSECONDS);
        }

        @Override
        public double random() {
            return ThreadLocalRandom.current().nextDouble();
        }
    };

    long nanos();

    /** Waits for a change, but not for longer than this. */
    void await(Condition change, long nanos) throws InterruptedException;

    /** 0 to 1: spreads the retries of many clients. Only times depend on it, never a result. */
    double random();
}
