package dev.walcast.server.frames;

/// Judges a text message by its first bytes, before more of it is kept. Called by the reader thread.
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

    /// A message longer than this is judged once this many bytes have arrived.
    int bytes();

    /// Returns how many bytes the message may have. A longer one is not kept and arrives as [Inbound.TooLarge].
    ///
    /// @param beginning the first [#bytes] bytes of the message, which may end within a character
    int bytesMax(byte[] beginning);
}
