package dev.walcast.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CatalogueTest {
    @ParameterizedTest
    @EnumSource(CloseReason.class)
    void closeReasonsFitAndAllowReconnect(CloseReason reason) {
        assertThat(reason.text().getBytes(UTF_8)).hasSizeLessThanOrEqualTo(123);
        assertThat(reason.code()).isBetween(1000, 3999);
        if (reason != CloseReason.CLIENT_CLOSED) {
            assertThat(reason.code()).isNotIn(1000, 1001, 1005);
        }
    }

    @Test
    void refusalsHaveTheExpectedForm() {
        assertThat(ErrorCode.TOKEN_EXPIRED.refusal(5).reason())
                .isEqualTo("InvalidJWTToken: Token has expired 5 seconds ago");
        assertThat(ErrorCode.TOKEN_EXPIRED.refusal(5).upgradeBody()).isEqualTo("{\"error\":\"Token has expired\"}");
        assertThat(ErrorCode.TOKEN_TIME_UNREADABLE.refusal("exp").upgradeBody())
                .isEqualTo("{\"error\":\"The claim `exp` must be a number, the seconds since 1970\"}");
        assertThat(ErrorCode.TOPIC_UNMATCHED.refusal().reason()).isEqualTo("unmatched topic");
        assertThat(ErrorCode.VERSION_UNKNOWN.refusal().upgradeBody()).isEmpty();
    }
}
