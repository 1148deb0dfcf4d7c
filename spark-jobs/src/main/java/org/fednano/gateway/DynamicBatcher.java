package org.fednano.gateway;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.fednano.llm.LlmCall;
import org.fednano.llm.LlmInfo;
import org.fednano.settings.JobException;

/**
 * Joins calls of different clients into requests that fill the LLM, and gives each caller its own part of the answer.
 *
 * <p>The call that waits longest leads a request; others of its kind and of similar width follow, in order of arrival,
 * as long as the request stays within its tokens. It goes out when it is full, when nobody is left who could still add
 * to it, or when its leader has waited long enough; while the LLM is busy, it goes on filling.
 *
 * <p>A call that nobody could join, while the LLM has room, is asked on its caller's own thread: one client alone pays
 * nothing for batching.
 *
 * <p>A joined request that fails is asked again call by call, so that a caller's mistake stays its own.
 */
final class DynamicBatcher implements DispatchPolicy {

    private final MeteredLlm asking;
    private final int hidden;
    private final long maxTokens;
    private final long maxWaitNanos;
    private final int inFlight;
    private final BooleanSupplier othersMayCome;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<PendingCall<?>> waiting = new ArrayList<>(); // in order of arrival
    private final List<Thread> dispatchers = new ArrayList<>();
    private int running; // requests at the LLM
    private boolean closed;

    /**
     * @param maxTokens of a request, padding counted; a single call may be larger
     * @param inFlight requests at the LLM at a time
     * @param othersMayCome whether a client is about that has no call under way; may be asked under this object's lock
     */
    DynamicBatcher(MeteredLlm asking, long maxTokens, Duration maxWait, int inFlight, BooleanSupplier othersMayCome) {
        LlmInfo info = asking.llm().info();
        this.asking = asking;
        this.hidden = info.hidden();
        this.maxTokens = Math.min(maxTokens, limit(info));
        this.maxWaitNanos = maxWait.toNanos();
        this.inFlight = inFlight;
        this.othersMayCome = othersMayCome;
        for (int i = 0; i < inFlight; i++) {
            Thread thread = new Thread(this::dispatch, "fednano-batch-" + i);
            thread.setDaemon(true);
            thread.start();
            dispatchers.add(thread);
        }
    }

    /** Tokens that one request may hold by the LLM's own limits, embeddings in float32 and some ids. */
    private static long limit(LlmInfo info) {
        return Math.min(info.limits().tokens(), info.limits().messageBytes() / (4L * info.hidden() + 16));
    }

    @Override
    public <R> R answer(PendingCall<R> ticket) {
        boolean atOnce;
        lock.lock();
        try {
            atOnce = waiting.isEmpty() && running < inFlight && !closed && !othersMayCome.getAsBoolean();
            if (atOnce) {
                running++;
                ticket.start();
            } else {
                waiting.add(ticket);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
        if (!atOnce) {
            return await(ticket);
        }
        try {
            return asking.ask(ticket.call);
        } finally {
            ended();
        }
    }

    private void ended() {
        lock.lock();
        try {
            running--;
            wake();
        } finally {
            lock.unlock();
        }
    }

    /** A dispatcher that wakes for nothing takes a core from the LLM. */
    private void wake() {
        if (!waiting.isEmpty()) {
            changed.signalAll();
        }
    }

    private <R> R await(PendingCall<R> ticket) {
        while (true) {
            try {
                return ticket.answer.get(PollingWait.LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                leaveIfClosed(ticket);
            } catch (ExecutionException e) {
                throw unchecked(e.getCause());
            } catch (InterruptedException e) {
                withdraw(ticket);
                Thread.currentThread().interrupt();
                throw new IllegalStateException("The call was cancelled while it waited in the gateway", e);
            }
        }
    }

    /** A call that the LLM is at is worth its answer; one that waits is not. */
    private void leaveIfClosed(PendingCall<?> ticket) {
        try {
            ticket.check.run();
        } catch (RuntimeException e) {
            if (withdraw(ticket)) {
                throw e;
            }
        }
    }

    private boolean withdraw(PendingCall<?> ticket) {
        lock.lock();
        try {
            return waiting.remove(ticket);
        } finally {
            lock.unlock();
        }
    }

    private static RuntimeException unchecked(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
    }

    @Override
    public int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void changed() {
        lock.lock();
        try {
            wake();
        } finally {
            lock.unlock();
        }
    }

    private void dispatch() {
        try {
            for (List<PendingCall<?>> batch = next(); !batch.isEmpty(); batch = next()) {
                try {
                    run(batch);
                } finally {
                    ended();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The next request's calls, when it is time for it; nothing once this is closed. */
    private List<PendingCall<?>> next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!closed) {
                waiting.removeIf(DynamicBatcher::isClosed);
                if (waiting.isEmpty() || running >= inFlight) {
                    changed.await();
                    continue;
                }
                List<PendingCall<?>> batch = new ArrayList<>();
                boolean full = collect(batch);
                long left = maxWaitNanos - (System.nanoTime() - batch.get(0).since());
                if (full || left <= 0 || !othersMayCome.getAsBoolean()) {
                    waiting.removeAll(batch);
                    running++;
                    batch.forEach(PendingCall::start);
                    return batch;
                }
                changed.awaitNanos(left);
            }
            return List.of();
        } finally {
            lock.unlock();
        }
    }

    /** Whether its caller's time is over; then it is told so. */
    private static boolean isClosed(PendingCall<?> ticket) {
        try {
            ticket.check.run();
            return false;
        } catch (RuntimeException e) {
            ticket.answer.completeExceptionally(e);
            return true;
        }
    }

    /** Gathers what may go out with the call that has waited longest; says whether a call had to stay behind for room. */
    private boolean collect(List<PendingCall<?>> batch) {
        List<LlmCall<?>> calls = new ArrayList<>();
        boolean full = false;
        for (Iterator<PendingCall<?>> all = waiting.iterator(); all.hasNext(); ) {
            PendingCall<?> ticket = all.next();
            if (calls.isEmpty() || joins(calls.get(0), ticket.call)) {
                calls.add(ticket.call);
                if (calls.size() == 1 || LlmCall.joinedTokens(calls) <= maxTokens) {
                    batch.add(ticket);
                } else {
                    calls.remove(calls.size() - 1);
                    full = true;
                }
            }
        }
        return full || LlmCall.joinedTokens(calls) >= maxTokens;
    }

    /** Of one kind, and neither more than a quarter wider than the other: else padding eats what joining gains. */
    private boolean joins(LlmCall<?> leader, LlmCall<?> other) {
        return leader.joins(other)
                && leader.fits(hidden)
                && other.fits(hidden)
                && 4L * Math.max(leader.width(), other.width()) <= 5L * Math.min(leader.width(), other.width());
    }

    @SuppressWarnings("unchecked") // calls that join are of one kind, so they have one R
    private <R> void run(List<PendingCall<?>> some) {
        List<PendingCall<R>> batch = new ArrayList<>();
        some.forEach(ticket -> batch.add((PendingCall<R>) ticket));
        if (batch.size() == 1) {
            runAlone(batch.get(0));
            return;
        }
        try {
            LlmCall<R> joined = batch.get(0)
                    .call
                    .join(batch.stream().map(ticket -> ticket.call).toList());
            R answer = asking.ask(joined);
            int from = 0;
            for (PendingCall<R> ticket : batch) {
                ticket.answer.complete(ticket.call.scatter(joined, answer, from));
                from += ticket.call.samples();
            }
        } catch (JobException | Error e) { // nobody's mistake, and asking again would not mend it
            batch.forEach(ticket -> ticket.answer.completeExceptionally(e));
        } catch (RuntimeException e) {
            batch.stream().filter(ticket -> !isClosed(ticket)).forEach(this::runAlone);
        }
    }

    private <R> void runAlone(PendingCall<R> ticket) {
        try {
            ticket.answer.complete(asking.ask(ticket.call));
        } catch (RuntimeException | Error e) {
            ticket.answer.completeExceptionally(e);
        }
    }

    /** Ends the dispatchers; who still waits is told that the gateway is gone. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            waiting.forEach(ticket ->
                    ticket.answer.completeExceptionally(new IllegalStateException("The gateway has been closed")));
            waiting.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        dispatchers.forEach(Thread::interrupt);
    }
}
