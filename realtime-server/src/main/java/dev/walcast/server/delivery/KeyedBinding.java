package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

/// A binding of a subscription, whatever it means at the moment. Equal for the whole life of the subscription.
public record KeyedBinding(ChangeSubscription subscription, int bindingId) {
    public KeyedBinding {
        requireNonNull(subscription, "subscription is null");
    }

    @Override
    public String toString() {
        return "binding " + bindingId;
    }
}
