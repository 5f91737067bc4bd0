package dev.walcast.server.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.rls.Viewer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class TokenVerifierTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000L);
    private static final String GOOD = "{\"role\":\"anon\",\"exp\":1800000001}";

    private final TokenVerifier verifier = new TokenVerifier(TestingTokens.SECRET, Clock.fixed(NOW, ZoneOffset.UTC));

    @Test
    void aGoodTokenYieldsItsRoleItsClaimsAsWrittenAndItsExpiry() {
        String claims = "{\"role\":\"anon\",\"n\":1.0,\"exp\":1800000001, \"sub\":\"é\"}";
        assertThat(verifier.verify(TestingTokens.signed(claims)))
                .isEqualTo(new TokenVerdict.Verified(new Viewer("anon", claims), NOW.plusSeconds(1)));
    }

    @Test
    void percentEncodingAndWhitespaceAreRemovedFirst() {
        String token = TestingTokens.signed(GOOD);
        String encoded = URLEncoder.encode(token, StandardCharsets.UTF_8).replace(".", "%2E");
        assertThat(verifier.verify(" " + encoded + "\n\t")).isInstanceOf(TokenVerdict.Verified.class);
    }

    @Test
    void expiryHasNoLeewayAndDecimalsAreRounded() {
        assertRefused("{\"role\":\"anon\",\"exp\":1800000000}", "InvalidJWTToken: Token has expired 0 seconds ago");
        assertRefused("{\"role\":\"anon\",\"exp\":1799999990}", "InvalidJWTToken: Token has expired 10 seconds ago");
        assertRefused("{\"role\":\"anon\",\"exp\":1800000000.4}", "InvalidJWTToken: Token has expired 0 seconds ago");
        assertThat(verifier.verify(TestingTokens.signed("{\"role\":\"anon\",\"exp\":1800000000.5}")))
                .isInstanceOf(TokenVerdict.Verified.class);
        assertThat(verifier.verify(TestingTokens.signed("{\"role\":\"anon\",\"exp\":1e40}")))
                .isInstanceOf(TokenVerdict.Verified.class);
    }

    @Test
    void roleAndExpiryAreRequired() {
        String required = "InvalidJWTToken: Fields `role` and `exp` are required in JWT";
        assertRefused("{\"role\":\"anon\"}", required);
        assertRefused("{\"exp\":1800000001}", required);
        assertRefused("{\"role\":null,\"exp\":1800000001}", required);
        assertRefused("{\"role\":5,\"exp\":1800000001}", required);
        assertRefused("{}", required);
    }

    @Test
    void timesThatAreNoNumbersAreUnusable() {
        assertRefused("{\"role\":\"anon\",\"exp\":\"1800000001\"}", "Unknown Error on Channel");
        assertRefused("{\"role\":\"anon\",\"exp\":1800000001,\"iat\":\"x\"}", "Unknown Error on Channel");
    }

    @Test
    void onlyHs256IsBelievedAndOnlyWithOurSecret() {
        for (String algorithm : new String[] {"none", "None", "HS384", "HS512", "RS256", "ES256", "hs256", ""}) {
            String token = TestingTokens.signed("{\"alg\":\"" + algorithm + "\"}", GOOD, TestingTokens.SECRET);
            assertReason(
                    token,
                    "JwtSignerError: Failed to generate JWT signer, check your JWT secret or JWKS configuration");
        }
        String unsigned = TestingTokens.signed(GOOD).replaceAll("\\.[^.]*$", ".");
        assertReason(unsigned, "JwtSignatureError: Failed to validate JWT signature");
        assertReason(
                TestingTokens.signed("{\"alg\":\"HS256\"}", GOOD, "wrong"),
                "JwtSignatureError: Failed to validate JWT signature");
    }

    @Test
    void aForgedTokenIsNotToldThatItIsAlsoExpired() {
        assertReason(
                TestingTokens.signed("{\"alg\":\"HS256\"}", "{\"role\":\"anon\",\"exp\":1}", "wrong"),
                "JwtSignatureError: Failed to validate JWT signature");
    }

    @Test
    void whatIsNoJwtIsMalformed() {
        String good = TestingTokens.signed(GOOD);
        String twice = TestingTokens.signed("{\"role\":\"anon\",\"role\":\"service_role\",\"exp\":1800000001}");
        for (String token : new String[] {
            "",
            " ",
            "garbage",
            "a.b.c",
            "..",
            "sb_publishable_x",
            "%",
            "%zz",
            good + ".x",
            good.substring(5),
            twice,
            TestingTokens.signed("{}", GOOD, TestingTokens.SECRET),
            TestingTokens.signed("[]", GOOD, TestingTokens.SECRET),
            TestingTokens.signed("[1]"),
        }) {
            assertReason(token, "MalformedJWT: The token provided is not a valid JWT");
        }
    }

    private void assertRefused(String claims, String reason) {
        assertReason(TestingTokens.signed(claims), reason);
    }

    private void assertReason(String token, String reason) {
        assertThat(verifier.verify(token))
                .as(token)
                .isInstanceOfSatisfying(
                        TokenVerdict.Rejected.class,
                        rejected -> assertThat(rejected.refusal().reason()).isEqualTo(reason));
    }
}
