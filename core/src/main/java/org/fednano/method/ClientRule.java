package org.fednano.method;

import java.io.Serializable;
import java.util.List;

/** A method's half on the client, the same for every client and round. Immutable; travels to the executors. */
public interface ClientRule extends Serializable {

    /** Local training alone, and the adapter alone goes up. */
    ClientRule PLAIN = (theta, epochs) -> LocalRule.NOTHING;

    /**
     * What a client sends up beside its adapter.
     *
     * @param name of the tensor; d values, as the adapter has
     * @param nonNegative whether values below 0 are an error
     */
    record Upload(String name, boolean nonNegative) implements Serializable {}

    /**
     * Begins a client's part in a round.
     *
     * @param theta the global adapter θ (d); not to be changed
     * @param epochs E
     */
    LocalRule begin(float[] theta, int epochs);

    /** What {@link LocalRule#uploads} will hold, no more and no less. */
    default List<Upload> uploads() {
        return List.of();
    }

    /** Of n rows, how many {@link LocalRule#uploads} asks the endpoint for once more; for estimates of traffic. */
    default int furtherRows(int n) {
        return 0;
    }
}
