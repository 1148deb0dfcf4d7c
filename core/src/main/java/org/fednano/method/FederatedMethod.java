package org.fednano.method;

import java.io.Serializable;
import java.util.List;
import org.fednano.settings.Setting;
import org.fednano.settings.Settings;

/**
 * A federated method ({@code run.strategy}): what a client does beside its optimiser, what it uploads beside its adapter, how
 * the server merges, and what the server keeps between rounds. The framework does the rest: it runs the clients, checks every
 * update, folds them in client order, commits the result with the server's state, and restores both.
 *
 * <p>A method is one class with a public constructor without arguments, named in
 * {@code META-INF/services/org.fednano.method.FederatedMethod}. One in a jar of its own ({@code --jars}) is found the same way. It
 * holds nothing, and is serialisable because a rule written inside it may reach clients with a reference to it.
 */
public interface FederatedMethod extends Serializable {

    /** Name in {@code run.strategy}: lower-case letters, digits and hyphens. */
    String name();

    /** One line: what it does, with its source. */
    String meaning();

    /**
     * Settings of its own. The catalogue documents them, checks them, and pins a run to them ({@link Setting#pinned}). Their keys
     * begin with a word that no other group uses, such as {@code fedprox.mu}.
     */
    default List<Setting<?>> settings() {
        return List.of();
    }

    /** What clients do in each round; travels to them. */
    default ClientRule client(Settings settings) {
        return ClientRule.PLAIN;
    }

    /** What the server does in each round. */
    ServerRule server(Settings settings);
}
