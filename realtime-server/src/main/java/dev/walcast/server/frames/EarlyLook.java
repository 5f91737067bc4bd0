package dev.walcast.server.frames;

/// Judges a text message by its beginning, before more of it is kept. Called by the reader thread.
public interface EarlyLook {
    /// Keeps every message.
    EarlyLook NONE = new EarlyLook() {
        @Override
        public int bytes() {
            return Integer.MAX_VALUE;
        }

        @Override
        public int bytesMax(byte[] beginning) {
            return Integer.MAX_VALUE;
        }
    };

    /// A longer message is judged once so many bytes of it have arrived.
    int bytes();

    /// Returns how long the message may be. What is longer is not kept, and arrives as [Inbound.TooLarge].
    ///
    /// @param beginning the first [#bytes] bytes of the message, which may end within a character
    int bytesMax(byte[] beginning);
}
