package dev.walcast.server.protocol;

/// Puts a payload between what opens and what closes a text message.
final class Frames {
    private Frames() {}

    static OutboundFrame text(byte[] open, Payload payload, byte[] close) {
        return new OutboundFrame(
                OutboundFrame.Kind.TEXT,
                joined(open, payload.before()),
                payload.shared(),
                joined(payload.after(), close));
    }

    private static byte[] joined(byte[] first, byte[] second) {
        if (first.length == 0 || second.length == 0) {
            return first.length == 0 ? second : first;
        }
        byte[] both = new byte[first.length + second.length];
        System.arraycopy(first, 0, both, 0, first.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
