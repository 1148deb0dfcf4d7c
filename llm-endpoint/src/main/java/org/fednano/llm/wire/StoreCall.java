package org.fednano.llm.wire;

import java.util.List;
import org.fednano.sample.Features;

/** What is asked of an endpoint's store of features; all of it concerns one run, named by a secret. */
public sealed interface StoreCall {

    /** Name of the operation in the endpoint's contract. */
    String op();

    /** The run's secret. */
    String run();

    /** Whether features are held. */
    record Have(String run, List<String> ids) implements StoreCall {
        @Override
        public String op() {
            return "have";
        }

        /** Without the secret. */
        @Override
        public String toString() {
            return "have of " + ids.size() + " features";
        }
    }

    /** Features to keep. */
    record Put(String run, List<Features> features) implements StoreCall {
        @Override
        public String op() {
            return "put";
        }

        /** Without the secret. */
        @Override
        public String toString() {
            return "put of " + features.size() + " features";
        }
    }

    /** The run is over. */
    record Drop(String run) implements StoreCall {
        @Override
        public String op() {
            return "drop";
        }

        /** Without the secret. */
        @Override
        public String toString() {
            return "drop of a run";
        }
    }
}
