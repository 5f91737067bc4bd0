package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every signature algorithm, with keys generated here and signatures made by the JDK.
class SignaturesTest {
    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1_800_000_000L), ZoneOffset.UTC);
    private static final String GOOD = "{\"role\":\"anon\",\"exp\":1800000001}";
    private static final String NO_SIGNER =
            "JwtSignerError: Failed to generate JWT signer, check your JWT secret or JWKS configuration";
    private static final String WRONG = "JwtSignatureError: Failed to validate JWT signature";
    private static final List<String> ALL = List.of(
            "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
            "Ed448", "none", "PS256", "ES256K", "rs256");

    @ParameterizedTest
    @ValueSource(strings = {"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448"})
    void keyVerifiesOnlyItsOwnSignatures(String algorithm) {
        TestingKey key = TestingKey.of("k", algorithm);
        TestingKey stranger = TestingKey.of("k", algorithm);
        TokenVerifier verifier =
                withKeys(key.jwk(), TestingKey.of("other", algorithm).jwk());
        String token = key.token(algorithm, GOOD);
        assertThat(verifier.verify(token)).isInstanceOf(TokenVerdict.Verified.class);
        assertReason(verifier, stranger.token(algorithm, GOOD), WRONG);
        assertReason(verifier, swapClaims(token, "{\"role\":\"service_role\",\"exp\":1800000001}"), WRONG);
        assertReason(verifier, token.substring(0, token.lastIndexOf('.') + 1), WRONG);
        assertReason(verifier, token.substring(0, token.length() - 8), WRONG);
        for (int bit = 0; bit < 64; bit++) {
            assertReason(verifier, withFlippedBit(token, bit * 5), WRONG);
        }
    }

    @Test
    void onlyEdDsaAcceptsAnyEdwardsCurve() {
        TestingKey ed25519 = TestingKey.of("a", "Ed25519");
        TestingKey ed448 = TestingKey.of("b", "Ed448");
        TokenVerifier verifier = withKeys(ed25519.jwk(), ed448.jwk());
        assertGood(verifier, ed25519.token("EdDSA", GOOD));
        assertGood(verifier, ed448.token("EdDSA", GOOD));
        assertReason(verifier, ed25519.token("Ed448", GOOD), unknown("a"));
        assertReason(verifier, ed448.token("Ed25519", GOOD), unknown("b"));
    }

    /// The header is the attacker's: whatever it claims, a signature is good only under the key's own algorithm.
    @Test
    void algorithmInHeaderCannotBeReplaced() {
        List<String> signing = List.of("RS256", "RS512", "ES256", "ES384", "Ed25519", "Ed448");
        String jwks = signing.stream()
                .map(algorithm -> TestingKey.of(algorithm, algorithm).jwk())
                .collect(Collectors.joining(","));
        TokenVerifier verifier = withKeys(jwks);
        for (String signed : signing) {
            TestingKey key = TestingKey.of("k-" + signed, signed);
            TokenVerifier own = withKeys(jwks, key.jwk());
            for (String claimed : ALL) {
                String header = "{\"alg\":\"" + claimed + "\",\"kid\":\"k-" + signed + "\"}";
                String token = key.signed(header, signed, GOOD);
                boolean isItsOwn = claimed.equals(signed) || (claimed.equals("EdDSA") && signed.startsWith("Ed"));
                assertThat(own.verify(token) instanceof TokenVerdict.Verified)
                        .as("signed %s, claims %s", signed, claimed)
                        .isEqualTo(isItsOwn);
                assertThat(verifier.verify(token)).isInstanceOf(TokenVerdict.Rejected.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"RS256", "ES256", "Ed25519"})
    void publicKeyIsNoSharedSecret(String algorithm) {
        TestingKey key = TestingKey.of("k", algorithm);
        TokenVerifier verifier = withKeys(key.jwk());
        byte[] der = key.encodedPublicKey();
        String pem = "-----BEGIN PUBLIC KEY-----\n" + Base64.getMimeEncoder().encodeToString(der)
                + "\n-----END PUBLIC KEY-----\n";
        for (String secret : List.of(pem, key.jwk(), new String(der, java.nio.charset.StandardCharsets.ISO_8859_1))) {
            for (String kid : List.of("", ",\"kid\":\"k\"")) {
                String forged = TestingTokens.signed("{\"alg\":\"HS256\"" + kid + "}", GOOD, secret);
                assertThat(verifier.verify(forged)).isInstanceOf(TokenVerdict.Rejected.class);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"HS256,HmacSHA256", "HS384,HmacSHA384", "HS512,HmacSHA512"})
    void secretVerifiesEveryHashSize(String algorithm, String mac) {
        TokenVerifier verifier = new TokenVerifier(TestingTokens.SECRET, CLOCK);
        String header = "{\"alg\":\"" + algorithm + "\"}";
        assertGood(verifier, TestingTokens.signed(header, GOOD, TestingTokens.SECRET, mac));
        assertReason(verifier, TestingTokens.signed(header, GOOD, "another secret of 32 characters!", mac), WRONG);
    }

    @Test
    void namedKeyPrecedesTheSecret() {
        String other = "another-secret-of-at-least-32-characters";
        String jwk = "{\"kty\":\"oct\",\"kid\":\"o\",\"k\":\"" + TestingTokens.encoded(other) + "\"}";
        TokenVerifier verifier = verifier(Optional.of(TestingTokens.SECRET), "[" + jwk + "]");
        assertGood(verifier, TestingTokens.signed("{\"alg\":\"HS256\",\"kid\":\"o\"}", GOOD, other));
        assertReason(
                verifier, TestingTokens.signed("{\"alg\":\"HS256\",\"kid\":\"o\"}", GOOD, TestingTokens.SECRET), WRONG);
        assertGood(verifier, TestingTokens.signed("{\"alg\":\"HS256\",\"kid\":\"x\"}", GOOD, TestingTokens.SECRET));
        assertGood(verifier, TestingTokens.signed("{\"alg\":\"HS256\"}", GOOD, TestingTokens.SECRET));
        assertReason(verifier, TestingTokens.signed("{\"alg\":\"HS256\"}", GOOD, other), WRONG);
    }

    @Test
    void withoutSecretTokenNeedsKnownKey() {
        TestingKey key = TestingKey.of("k", "RS256");
        TokenVerifier verifier = withKeys(key.jwk());
        assertReason(verifier, TestingTokens.signed(GOOD), NO_SIGNER);
        assertReason(verifier, TestingTokens.signed("{\"alg\":\"HS256\",\"kid\":\"h\"}", GOOD, ""), unknown("h"));
        assertReason(verifier, key.signed("{\"alg\":\"RS256\"}", "RS256", GOOD), NO_SIGNER);
        assertReason(verifier, key.signed("{\"alg\":\"RS256\",\"kid\":7}", "RS256", GOOD), NO_SIGNER);
        assertReason(verifier, key.signed("{\"alg\":\"RS256\",\"kid\":\"K\"}", "RS256", GOOD), unknown("K"));
        assertReason(
                verifier,
                key.signed("{\"alg\":\"RS256\",\"kid\":\"" + "x".repeat(257) + "\"}", "RS256", GOOD),
                NO_SIGNER);
        TokenVerifier secretOnly = new TokenVerifier(TestingTokens.SECRET, CLOCK);
        assertReason(secretOnly, key.token("RS256", GOOD), NO_SIGNER);
    }

    @Test
    void keyIsUsedOnlyAsDeclared() {
        TestingKey key = TestingKey.of("k", "RS256");
        for (String more : List.of(
                "",
                ",\"use\":\"sig\"",
                ",\"alg\":\"RS256\"",
                ",\"key_ops\":[\"verify\"]",
                ",\"key_ops\":[\"sign\",\"verify\"],\"ext\":true")) {
            assertGood(withKeys(key.jwk(more)), key.token("RS256", GOOD));
        }
        TestingKey spare = TestingKey.of("spare", "ES256");
        for (String more : List.of(
                ",\"use\":\"enc\"",
                ",\"alg\":\"RS512\"",
                ",\"alg\":\"PS256\"",
                ",\"alg\":7",
                ",\"key_ops\":[]",
                ",\"key_ops\":[\"encrypt\"]",
                ",\"use\":null")) {
            assertReason(withKeys(key.jwk(more), spare.jwk()), key.token("RS256", GOOD), unknown("k"));
        }
        TestingKey ed = TestingKey.of("ed", "EdDSA");
        assertGood(withKeys(ed.jwk(",\"alg\":\"EdDSA\"")), ed.token("Ed25519", GOOD));
        assertGood(withKeys(ed.jwk(",\"alg\":\"Ed25519\"")), ed.token("EdDSA", GOOD));
    }

    @Test
    void unknownAndWeakKeysAreSkippedWithReason() {
        String keys = Stream.of(
                        TestingKey.of("k", "ES256").jwk(),
                        TestingKey.rsa("short", 1024).jwk(),
                        "{\"kty\":\"AKP\",\"kid\":\"future\",\"alg\":\"ML-DSA-44\",\"pub\":\"AAAA\"}",
                        "{\"kty\":\"OKP\",\"kid\":\"x\",\"crv\":\"X25519\",\"x\":\"" + "A".repeat(43) + "\"}",
                        "{\"kty\":\"oct\",\"kid\":\"weak\",\"k\":\"c2hvcnQ\"}",
                        "{\"kty\":\"RSA\",\"kid\":\"broken\"}",
                        "{\"kty\":\"RSA\",\"kid\":5}",
                        "7")
                .collect(Collectors.joining(","));
        KeySet set = KeySet.parse(("{\"keys\":[" + keys + "]}").getBytes(US_ASCII), true);
        assertThat(set.entries()).extracting(KeySet.Entry::id).containsExactly("k");
        assertThat(set.skipped()).hasSize(7).allMatch(sentence -> sentence.contains(" of 8 is skipped: "));
        assertThat(set.toString()).doesNotContain("c2hvcnQ");
    }

    @Test
    void unknownCriticalHeaderIsRefused() {
        TestingKey key = TestingKey.of("k", "ES256");
        String header = """
                {"alg":"ES256","kid":"k","crit":["b64"],"b64":false}""";
        assertReason(
                withKeys(key.jwk()),
                key.signed(header, "ES256", GOOD),
                "MalformedJWT: The token provided is not a valid JWT");
    }

    /// RFC 7515 A.1 to A.3 and RFC 8037 A.4.
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            HS256 | {"kty":"oct","kid":"1","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"} | eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ | dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
            RS256 | {"kty":"RSA","kid":"1","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"} | eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ | cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw
            ES256 | {"kty":"EC","kid":"1","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"} | eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ | DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q
            EdDSA | {"kty":"OKP","kid":"1","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"} | eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc | hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg
            """)
    void examplesOfStandardsVerify(String label, String jwk, String signed, String signature) {
        SignatureAlgorithm algorithm = SignatureAlgorithm.named(label).orElseThrow();
        VerificationKey key =
                KeySet.parse(jwk.getBytes(US_ASCII), true).find("1", algorithm).orElseThrow();
        byte[] bytes = Base64.getUrlDecoder().decode(signature);
        assertThat(algorithm.verify(key.key(), signed.getBytes(US_ASCII), bytes))
                .isTrue();
        bytes[3] ^= 4;
        assertThat(algorithm.verify(key.key(), signed.getBytes(US_ASCII), bytes))
                .isFalse();
    }

    /// The signature of all zeros that some ECDSA verifiers took for one of every message.
    @ParameterizedTest
    @CsvSource({"ES256,64", "ES384,96", "ES512,132"})
    void signatureOfZerosIsRefused(String algorithm, int length) {
        TestingKey key = TestingKey.of("k", algorithm);
        String token = key.token(algorithm, GOOD);
        String zeros = token.substring(0, token.lastIndexOf('.') + 1) + TestingTokens.encoded(new byte[length]);
        assertReason(withKeys(key.jwk()), zeros, WRONG);
    }

    private static TokenVerifier withKeys(String... jwks) {
        return verifier(Optional.empty(), "{\"keys\":[" + String.join(",", jwks) + "]}");
    }

    private static TokenVerifier verifier(Optional<String> secret, String jwks) {
        return new TokenVerifier(
                new TokenRules(secret, KeySource.parse(jwks), ClaimRules.usual(), OpaqueKeys.none()), CLOCK);
    }

    private static String swapClaims(String token, String claims) {
        String[] parts = token.split("\\.");
        return parts[0] + "." + TestingTokens.encoded(claims) + "." + parts[2];
    }

    private static String withFlippedBit(String token, int bit) {
        int dot = token.lastIndexOf('.');
        byte[] signature = Base64.getUrlDecoder().decode(token.substring(dot + 1));
        byte[] flipped = Arrays.copyOf(signature, signature.length);
        flipped[bit / 8 % flipped.length] ^= (byte) (1 << bit % 8);
        return token.substring(0, dot + 1) + TestingTokens.encoded(flipped);
    }

    private static String unknown(String keyId) {
        return "JwtSignerError: Failed to generate JWT signer for key ID (kid) \"" + keyId
                + "\", check your JWT secret or JWKS configuration";
    }

    private static void assertGood(TokenVerifier verifier, String token) {
        assertThat(verifier.verify(token)).isInstanceOf(TokenVerdict.Verified.class);
    }

    private static void assertReason(TokenVerifier verifier, String token, String reason) {
        assertThat(verifier.verify(token))
                .as(token)
                .isInstanceOfSatisfying(
                        TokenVerdict.Rejected.class,
                        rejected -> assertThat(rejected.refusal().reason()).isEqualTo(reason));
    }
}
