package dev.walcast.server.encode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.filters.predicate.InView;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MembershipChangeTest {
    @ParameterizedTest
    @CsvSource({
        "YES, YES, KEPT", "YES, NO, LEFT", "YES, UNKNOWN, LEFT",
        "NO, YES, ENTERED", "NO, NO,", "NO, UNKNOWN,",
        "UNKNOWN, YES, KEPT", "UNKNOWN, NO,", "UNKNOWN, UNKNOWN,"
    })
    void bothRowsDecideTheMembershipChange(InView before, InView now, MembershipChange membership) {
        assertThat(MembershipChange.of(before, now)).isEqualTo(Optional.ofNullable(membership));
    }
}
