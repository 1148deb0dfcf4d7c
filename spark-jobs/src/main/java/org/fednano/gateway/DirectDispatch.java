package org.fednano.gateway;

/** Calls go to the LLM as they are, each on its caller's thread, as many at a time as the LLM takes. */
final class DirectDispatch implements DispatchPolicy {

    private final MeteredLlm asking;
    private final FairSemaphore places;

    DirectDispatch(MeteredLlm asking, int inFlight) {
        this.asking = asking;
        this.places = new FairSemaphore(inFlight);
    }

    @Override
    public <R> R answer(PendingCall<R> ticket) {
        places.take(1, ticket.check);
        try {
            ticket.start();
            return asking.ask(ticket.call);
        } finally {
            places.give(1);
        }
    }

    @Override
    public int waiting() {
        return places.waiting();
    }
}
