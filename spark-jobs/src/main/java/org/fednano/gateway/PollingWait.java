package org.fednano.gateway;

/** How calls wait: looking up now and then, so that no deadline and no end of a round passes unseen. */
final class PollingWait {

    /** How late a waiting call may learn that its round is over. */
    static final long LOOK_MILLIS = 20;

    private PollingWait() {}

    interface Wait {
        void await() throws InterruptedException;
    }

    /** An interrupt is Spark's way to cancel a task: the call ends, and the thread stays interrupted. */
    static void interruptibly(Wait wait) {
        try {
            wait.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("The call was cancelled while it waited in the gateway", e);
        }
    }
}
