package dev.walcast.server.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.walcast.rls.Viewer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class TokenVerifierTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000L);
    private static final String GOOD = "{\"role\":\"anon\",\"exp\":1800000001}";

    private final TokenVerifier verifier = new TokenVerifier(TestingTokens.SECRET, Clock.fixed(NOW, ZoneOffset.UTC));

    @Test
    void validTokenYieldsRoleClaimsAndExpiry() {
        String claims = """
                {"role":"anon","n":1.0,"exp":1800000001, "sub":"é"}""";
        assertThat(verifier.verify(TestingTokens.signed(claims)))
                .isEqualTo(new TokenVerdict.Verified(new Viewer("anon", claims), NOW.plusSeconds(1)));
    }

    @Test
    void percentEncodingAndWhitespaceAreRemoved() {
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
    void timeThatIsNoNumberIsNamed() {
        for (String time : List.of("\"1800000001\"", "\"NaN\"", "[]", "{}", "true")) {
            assertRefused("{\"role\":\"anon\",\"exp\":" + time + "}", notATime("exp"));
            assertRefused("{\"role\":\"anon\",\"exp\":1800000001,\"iat\":" + time + "}", notATime("iat"));
            assertRefused("{\"role\":\"anon\",\"exp\":1800000001,\"nbf\":" + time + "}", notATime("nbf"));
        }
    }

    private static String notATime(String claim) {
        return "InvalidJWTToken: The claim `" + claim + "` must be a number, the seconds since 1970";
    }

    @Test
    void extremeTimeIsCheap() {
        String expired = "InvalidJWTToken: Token has expired 1800000000 seconds ago";
        String digits = "9".repeat(900);
        for (String tiny : List.of("1e-9999999", "-1e-9999999", "-1e9999999", "-1", "0", "0.4", "-" + digits)) {
            assertTimeoutPreemptively(
                    Duration.ofSeconds(2), () -> assertRefused("{\"role\":\"anon\",\"exp\":" + tiny + "}", expired));
            assertGood("{\"role\":\"anon\",\"exp\":1800000001,\"iat\":" + tiny + ",\"nbf\":" + tiny + "}");
        }
        for (String huge : List.of("1e9999999", digits, "9e18", "1800000001000", "31556889864403199", "1e17")) {
            assertGood("{\"role\":\"anon\",\"exp\":" + huge + ",\"iat\":" + huge + "}");
            assertRefused(
                    "{\"role\":\"anon\",\"exp\":1800000001,\"nbf\":" + huge + "}",
                    "InvalidJWTToken: Token is not valid yet");
        }
        assertRefused(
                "{\"role\":\"anon\",\"exp\":1e99999999999}", "MalformedJWT: The token provided is not a valid JWT");
    }

    @Test
    void hugeOrDeepClaimsAreMalformed() {
        String malformed = "MalformedJWT: The token provided is not a valid JWT";
        String deep = "[".repeat(600) + "]".repeat(600);
        assertRefused("{\"role\":\"anon\",\"exp\":1800000001,\"a\":" + deep + "}", malformed);
        assertRefused("{\"role\":\"anon\",\"exp\":1800000001,\"a\":\"" + "x".repeat(60_000) + "\"}", malformed);
        assertRefused("{\"role\":\"anon\",\"exp\":1800000001,\"a\":" + "9".repeat(1_100) + "}", malformed);
        assertReason(".".repeat(5_000_000), malformed);
        assertGood("{\"role\":\"anon\",\"exp\":1800000001,\"sub\":5,\"a\":\"" + "x".repeat(40_000) + "\"}");
    }

    @Test
    void requiredAudienceMayBeOneOfSeveral() {
        TokenVerifier strict =
                verifier(new ClaimRules(ClaimRules.parseRequired("{\"aud\":\"authenticated\"}"), Duration.ZERO));
        for (String aud : List.of("\"authenticated\"", "[\"authenticated\"]", "[\"other\",\"authenticated\"]")) {
            String token = TestingTokens.signed("{\"role\":\"anon\",\"exp\":1800000001,\"aud\":" + aud + "}");
            assertThat(strict.verify(token)).as(aud).isInstanceOf(TokenVerdict.Verified.class);
        }
        for (String aud : List.of("\"other\"", "[]", "[[\"authenticated\"]]", "{\"a\":\"authenticated\"}", "null")) {
            String token = TestingTokens.signed("{\"role\":\"anon\",\"exp\":1800000001,\"aud\":" + aud + "}");
            assertReason(strict, token, refusedClaim("aud"));
        }
    }

    private static String refusedClaim(String claim) {
        return "InvalidJWTToken: The claim `" + claim + "` is missing or has not the value that the server requires";
    }

    @Test
    void reasonIsLoggedOncePerMinute() {
        TokenVerifier strict = verifier(new ClaimRules(ClaimRules.parseRequired("{\"iss\":\"mine\"}"), Duration.ZERO));
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        Logger log = (Logger) LoggerFactory.getLogger(RefusalLog.class);
        log.addAppender(lines);
        try {
            for (int i = 0; i < 3; i++) {
                strict.verify(TestingTokens.signed("{\"role\":\"anon\",\"exp\":1800000001,\"iss\":\"yours\"}"));
                strict.verify(TestingTokens.signed("{\"role\":\"anon\",\"exp\":\"1800000001\"}"));
                strict.verify(TestingTokens.signed("{\"role\":\"anon\",\"exp\":1800000001000,\"iss\":\"mine\"}"));
            }
        } finally {
            log.detachAppender(lines);
        }
        assertThat(lines.list.stream().filter(line -> line.getLevel() == Level.WARN))
                .extracting(ILoggingEvent::getFormattedMessage)
                .satisfiesExactly(
                        line -> assertThat(line).contains("`iss`").doesNotContain("yours"),
                        line -> assertThat(line).contains("`exp`"),
                        line -> assertThat(line).contains("milliseconds"));
    }

    @Test
    void onlyKnownAlgorithmsAndSecretAreAccepted() {
        for (String algorithm : new String[] {"none", "None", "RS256", "ES256", "EdDSA", "PS256", "hs256", ""}) {
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
    void tokenNotYetValidIsRefused() {
        String early = "InvalidJWTToken: Token is not valid yet";
        assertRefused("{\"role\":\"anon\",\"exp\":1800000009,\"nbf\":1800000001}", early);
        assertRefused("{\"role\":\"anon\",\"exp\":1800000009,\"nbf\":1800000000.1}", early);
        assertThat(verifier.verify(TestingTokens.signed("{\"role\":\"anon\",\"exp\":1800000009,\"nbf\":1800000000}")))
                .isInstanceOf(TokenVerdict.Verified.class);
    }

    @Test
    void leewayAppliesToExpiryAndStart() {
        TokenVerifier lenient = verifier(new ClaimRules(Map.of(), Duration.ofSeconds(10)));
        assertThat(lenient.verify(TestingTokens.signed("{\"role\":\"anon\",\"exp\":1799999991,\"nbf\":1800000010}")))
                .isInstanceOfSatisfying(
                        TokenVerdict.Verified.class,
                        verified -> assertThat(verified.expiresAt()).isEqualTo(NOW.plusSeconds(1)));
        assertReason(
                lenient,
                TestingTokens.signed("{\"role\":\"anon\",\"exp\":1799999990}"),
                "InvalidJWTToken: Token has expired 10 seconds ago");
        assertReason(
                lenient,
                TestingTokens.signed("{\"role\":\"anon\",\"exp\":1900000000,\"nbf\":1800000011}"),
                "InvalidJWTToken: Token is not valid yet");
        assertThat(lenient.expired(NOW).text()).isEqualTo("Token has expired 10 seconds ago");
        assertThat(lenient.verify(TestingTokens.signed("{\"role\":\"anon\",\"exp\":1e40}")))
                .isInstanceOf(TokenVerdict.Verified.class);
    }

    @Test
    void requiredClaimsMustMatchExactly() {
        TokenVerifier strict = verifier(new ClaimRules(
                ClaimRules.parseRequired("{\"iss\":\"my-auth\",\"aud\":[\"a\",\"b\"],\"level\":2}"), Duration.ZERO));
        assertThat(strict.verify(TestingTokens.signed("""
                        {"role":"anon","exp":1800000001,"iss":"my-auth","aud":["a","b"],"level":2}"""))).isInstanceOf(TokenVerdict.Verified.class);
        Map<String, String> refused = Map.of(
                "\"iss\":\"other\",\"aud\":[\"a\",\"b\"],\"level\":2", "iss",
                "\"iss\":\"my-auth\",\"aud\":[\"b\",\"a\"],\"level\":2", "aud",
                "\"iss\":\"my-auth\",\"aud\":[\"a\",\"b\"],\"level\":\"2\"", "level",
                "\"iss\":\"my-auth\",\"aud\":[\"a\",\"b\"]", "level",
                "\"iss\":null,\"aud\":[\"a\",\"b\"],\"level\":2", "iss");
        refused.forEach((claims, name) -> assertReason(
                strict,
                TestingTokens.signed("{\"role\":\"anon\",\"exp\":1800000001," + claims + "}"),
                refusedClaim(name)));
    }

    @Test
    void opaqueKeysStandForTheirRole() {
        String anon = "sb_publishable_" + "a1_-".repeat(5);
        String secret = "sb_secret_" + "Z".repeat(20);
        TokenVerifier withKeys = new TokenVerifier(
                new TokenRules(
                        Optional.of(TestingTokens.SECRET),
                        new KeySource.None(),
                        ClaimRules.usual(),
                        OpaqueKeys.Kind.PUBLISHABLE
                                .parse(anon + ", sb_publishable_" + "b".repeat(20))
                                .and(OpaqueKeys.Kind.SECRET.parse(secret))),
                Clock.fixed(NOW, ZoneOffset.UTC));
        assertThat(withKeys.verify(anon))
                .isEqualTo(new TokenVerdict.Verified(new Viewer("anon", "{\"role\":\"anon\"}"), Instant.MAX));
        assertThat(withKeys.verify(secret))
                .isEqualTo(new TokenVerdict.Verified(
                        new Viewer("service_role", "{\"role\":\"service_role\"}"), Instant.MAX));
        for (String wrong : List.of(
                "sb_",
                "sb_secret_",
                secret + "Z",
                secret.substring(1),
                secret + ",",
                "sb_publishable_" + "Z".repeat(20))) {
            assertReason(withKeys, wrong, "MalformedJWT: The token provided is not a valid JWT");
        }
    }

    @Test
    void guessableOpaqueKeysAreRefusedAtStart() {
        for (String wrong : List.of(
                "sb_publishable_" + "a".repeat(19),
                "sb_secret_" + "a".repeat(20),
                "x",
                "sb_publishable_" + "é".repeat(20))) {
            assertThatThrownBy(() -> OpaqueKeys.Kind.PUBLISHABLE.parse(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageNotContaining(wrong);
        }
    }

    @Test
    void forgedTokenReportsNoExpiry() {
        assertReason(
                TestingTokens.signed("{\"alg\":\"HS256\"}", "{\"role\":\"anon\",\"exp\":1}", "wrong"),
                "JwtSignatureError: Failed to validate JWT signature");
    }

    @Test
    void nonJwtIsMalformed() {
        String good = TestingTokens.signed(GOOD);
        String twice = TestingTokens.signed("""
                {"role":"anon","role":"service_role","exp":1800000001}""");
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

    private static TokenVerifier verifier(ClaimRules claims) {
        return new TokenVerifier(
                new TokenRules(Optional.of(TestingTokens.SECRET), new KeySource.None(), claims, OpaqueKeys.none()),
                Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private void assertGood(String claims) {
        assertTimeoutPreemptively(
                Duration.ofSeconds(2),
                () -> assertThat(verifier.verify(TestingTokens.signed(claims)))
                        .as(claims)
                        .isInstanceOf(TokenVerdict.Verified.class));
    }

    private void assertRefused(String claims, String reason) {
        assertReason(TestingTokens.signed(claims), reason);
    }

    private void assertReason(String token, String reason) {
        assertReason(verifier, token, reason);
    }

    private static void assertReason(TokenVerifier verifier, String token, String reason) {
        assertThat(verifier.verify(token))
                .as(token)
                .isInstanceOfSatisfying(
                        TokenVerdict.Rejected.class,
                        rejected -> assertThat(rejected.refusal().reason()).isEqualTo(reason));
    }
}
