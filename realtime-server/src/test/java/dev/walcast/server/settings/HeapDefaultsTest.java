package dev.walcast.server.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.HeapShares;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class HeapDefaultsTest {
    private static final List<String> SETTINGS =
            List.of("OUTBOX", "MAX_PRESENCE_SIZE", "REPLAY_MEMORY", "TRANSACTION_MEMORY", "DELETE_KEYS_MEMORY");

    @Test
    void documentedDefaultsApplyFromOneGigabyte() {
        assertThat(SETTINGS).allMatch(name -> heap(1_024).value(name).isEmpty());
        // the heap that the serial collector reports with -Xmx1g
        assertThat(SETTINGS).allMatch(name -> heap(989).value(name).isEmpty());
    }

    @Test
    void smallHeapLowersDefaults() {
        assertThat(heap(482).value("REPLAY_MEMORY")).contains(Long.toString(32L << 20));
        assertThat(heap(128).value("OUTBOX")).contains(Long.toString(8L << 20));
        assertThat(heap(16).value("DELETE_KEYS_MEMORY")).contains(Long.toString(1L << 20));
        assertThat(heap(128).value("MAX_FRAME")).isEmpty();
    }

    @Test
    void defaultsFitIntoTheSmallestHeap() {
        long buffers = List.of("REPLAY_MEMORY", "TRANSACTION_MEMORY", "DELETE_KEYS_MEMORY").stream()
                .mapToLong(name -> Long.parseLong(heap(128).value(name).orElseThrow()))
                .sum();
        assertThat(buffers + shares(128).clientBytes(40)).isLessThan(40L << 20);
    }

    @Test
    void transactionTakesAnEighthOfTheHeap() {
        assertThat(shares(128).transactionBytes(64L << 20)).isEqualTo(16L << 20);
        assertThat(shares(1_024).transactionBytes(64L << 20)).isEqualTo(64L << 20);
    }

    /// An idle socket takes 28 KiB of three quarters of the budget.
    @ParameterizedTest
    @ValueSource(ints = {123, 247, 495, 899})
    void oneAddressNeverTakesAllPlaces(int mebibytes) {
        long places = shares(mebibytes).clientBytes(40) * 3 / 4 / (28 * 1024);
        assertThat(Long.parseLong(
                        heap(mebibytes).value("MAX_CONNECTIONS_PER_ADDRESS").orElseThrow()))
                .isLessThan(places / 2);
    }

    @Test
    void budgetIsPercentageOrSize() {
        MemoryShare.Converter converter = new MemoryShare.Converter();
        assertThat(converter.convert("50%").bytes(shares(164))).isBetween(49L << 20, 50L << 20);
        assertThat(converter.convert("256MiB").bytes(shares(1 << 20))).isEqualTo(256L << 20);
        assertThatThrownBy(() -> converter.convert("much"))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("40%");
    }

    private static HeapDefaults heap(long mebibytes) {
        return new HeapDefaults(shares(mebibytes));
    }

    private static HeapShares shares(long mebibytes) {
        return new HeapShares(mebibytes << 20);
    }
}
