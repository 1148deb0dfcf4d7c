package org.fednano.gateway;

/** Calls go to the LLM as they are, each on its caller's thread, as many at a time as the LLM takes. */
final class DirectLane implements Lane {

    private final Asking asking;
    private final Budget places;

    DirectLane(Asking asking, int inFlight) {
        this.asking = asking;
        this.places = new Budget(inFlight);
    }

    @Override
    public <R> R answer(Ticket<R> ticket) {
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
