package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

/// Names a binding of a subscription. Equal for the whole life of the subscription, also when it is resolved again.
public record KeyedBinding(ChangeSubscription subscription, int bindingId) {
    public KeyedBinding {
        requireNonNull(subscription, "subscription is null");
    }

    @Override
    public String toString() {
        return "binding " + bindingId;
    }
}
