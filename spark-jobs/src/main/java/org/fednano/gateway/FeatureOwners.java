package org.fednano.gateway;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.fednano.sample.Features;

/** Whose features are in calls under way, so that what the endpoint is sent of them counts as their client's. */
final class FeatureOwners {

    /** By identity: joining and parting calls keeps it, and two clients may have features of the same content. */
    private final Map<Features, ClientAccount> owners = Collections.synchronizedMap(new IdentityHashMap<>());

    void enter(List<Features> features, ClientAccount owner) {
        features.forEach(some -> owners.put(some, owner));
    }

    void exit(List<Features> features) {
        features.forEach(owners::remove);
    }

    void sent(Features some) {
        ClientAccount owner = owners.get(some);
        if (owner != null) { // else of another run over the same endpoint
            owner.add(Traffic.ofFeatures(some.bytes()));
        }
    }
}
