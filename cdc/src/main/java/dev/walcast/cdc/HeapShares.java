package dev.walcast.cdc;

/// What each part of the server may take of the heap: the one place where bounds are derived from its size.
///
/// Bounds that were written down for a heap of 1 GiB hold from there on, and shrink with a smaller heap.
///
/// @param heapBytes the most that the heap may have
public record HeapShares(long heapBytes) {
    /// What a server without clients needs of the heap.
    private static final long SERVER_BYTES = 64L << 20;

    /// From here on the written bounds hold. A heap of 1 GiB has less, depending on the collector.
    private static final long ROOMY_BYTES = 900L << 20;

    /// The least that is left for clients, however small the heap is.
    private static final long CLIENT_BYTES_MIN = 8L << 20;

    /// A transaction in memory takes no more than this part of the heap.
    private static final int TRANSACTION_PART = 8;

    /// What waits between two threads takes no more than this part of the heap.
    private static final int QUEUE_PART = 15;

    private static final long QUEUE_BYTES_MAX = 64L << 20;

    /// What a record of Debezium's queue takes beside its values, with room to spare.
    private static final int RECORD_BYTES = 64 * 1024;

    private static final int RECORDS_MIN = 512;
    private static final int RECORDS_MAX = 8_192;

    /// What a pair of a change and a subscription that waits for it takes.
    private static final int PAIR_BYTES = 128;

    private static final int PAIRS_MAX = 500_000;

    public HeapShares {
        if (heapBytes < 1) {
            throw new IllegalArgumentException("heapBytes is below 1");
        }
    }

    /// Of the heap of this process.
    public static HeapShares ofThisProcess() {
        return new HeapShares(Runtime.getRuntime().maxMemory());
    }

    /// Whether bounds hold as they are written.
    public boolean isRoomy() {
        return heapBytes >= ROOMY_BYTES;
    }

    /// A bound in proportion to what the heap has beyond the server's own need.
    ///
    /// @param usual when it is [roomy][#isRoomy()]
    /// @param least with which the server still works
    public long scaled(long usual, long least) {
        if (isRoomy()) {
            return usual;
        }
        double share = Math.max(0, (double) (heapBytes - SERVER_BYTES) / (ROOMY_BYTES - SERVER_BYTES));
        return Math.max(least, Math.round(share * usual));
    }

    /// A part of what the heap has beyond the server's own need, for what clients make the server hold.
    public long clientBytes(int percent) {
        return Math.max(CLIENT_BYTES_MIN, (heapBytes - SERVER_BYTES) / 100 * percent);
    }

    /// What of a transaction may be kept in memory.
    ///
    /// @param wanted as it is set
    public long transactionBytes(long wanted) {
        return Math.min(wanted, heapBytes / TRANSACTION_PART);
    }

    /// What may wait between two threads, such as Debezium's, or for answers of Postgres.
    public long queueBytes() {
        return Math.min(QUEUE_BYTES_MAX, heapBytes / QUEUE_PART);
    }

    /// How many records may wait between Debezium's threads.
    public int queueRecords() {
        return Math.clamp(heapBytes / RECORD_BYTES, RECORDS_MIN, RECORDS_MAX);
    }

    /// How many pairs of a change and a subscription may wait for answers of Postgres.
    public int waitingPairs() {
        return (int) Math.min(PAIRS_MAX, heapBytes / QUEUE_PART / PAIR_BYTES);
    }
}
