package org.fednano.llm.server;

import org.fednano.llm.store.FeatureStore;
import org.fednano.llm.wire.FeatureSource;
import org.fednano.llm.wire.StoreCall;
import org.fednano.sample.Features;

/**
 * A server's store as one caller sees it.
 *
 * @param owner who the caller is, as far as the backend tells callers apart
 */
record HeldFeatures(FeatureStore store, String owner) implements FeatureSource {

    @Override
    public Features find(String run, String id) {
        return store.find(key(run), id);
    }

    /** @return of each feature named, whether it is held now; null if none were */
    boolean[] answer(StoreCall call) {
        String run = key(call.run());
        if (call instanceof StoreCall.Have have) {
            boolean[] held = new boolean[have.ids().size()];
            for (int f = 0; f < held.length; f++) {
                held[f] = store.has(run, have.ids().get(f));
            }
            return held;
        }
        if (call instanceof StoreCall.Put put) {
            boolean[] held = new boolean[put.features().size()];
            for (int f = 0; f < held.length; f++) {
                held[f] = store.put(run, put.features().get(f));
            }
            return held;
        }
        store.drop(run);
        return null;
    }

    // A secret has no line break.
    private String key(String run) {
        return owner + "\n" + run;
    }
}
