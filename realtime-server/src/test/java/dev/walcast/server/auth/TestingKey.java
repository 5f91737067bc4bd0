package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;

/// A generated key pair, which signs and describes itself with the JDK alone.
public final class TestingKey {
    private final String keyId;
    private final String curve;
    private final KeyPair pair;

    private TestingKey(String keyId, String curve, KeyPair pair) {
        this.keyId = keyId;
        this.curve = curve;
        this.pair = pair;
    }

    /// @param algorithm as in a token's header
    public static TestingKey of(String keyId, String algorithm) {
        return switch (algorithm) {
            case "ES256" -> ec(keyId, "P-256", "secp256r1");
            case "ES384" -> ec(keyId, "P-384", "secp384r1");
            case "ES512" -> ec(keyId, "P-521", "secp521r1");
            case "EdDSA", "Ed25519" -> new TestingKey(keyId, "Ed25519", generated("Ed25519"));
            case "Ed448" -> new TestingKey(keyId, "Ed448", generated("Ed448"));
            default -> rsa(keyId, 2048);
        };
    }

    static TestingKey rsa(String keyId, int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            return new TestingKey(keyId, "", generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static TestingKey ec(String keyId, String curve, String javaName) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(javaName));
            return new TestingKey(keyId, curve, generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyPair generated(String algorithm) {
        try {
            return KeyPairGenerator.getInstance(algorithm).generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public String token(String algorithm, String claims) {
        return signed("{\"alg\":\"" + algorithm + "\",\"kid\":\"" + keyId + "\"}", algorithm, claims);
    }

    /// @param algorithm the algorithm that signs, whatever the header names
    public String signed(String header, String algorithm, String claims) {
        String text = TestingTokens.encoded(header) + "." + TestingTokens.encoded(claims);
        try {
            Signature signature = Signature.getInstance(javaName(algorithm));
            signature.initSign(pair.getPrivate());
            signature.update(text.getBytes(UTF_8));
            return text + "." + TestingTokens.encoded(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String javaName(String algorithm) {
        return switch (algorithm.substring(0, 2)) {
            case "RS" -> "SHA" + algorithm.substring(2) + "withRSA";
            case "ES" -> "SHA" + algorithm.substring(2) + "withECDSAinP1363Format";
            default -> "EdDSA";
        };
    }

    public String jwk() {
        return jwk("");
    }

    /// @param more further members, each with a comma before it
    String jwk(String more) {
        String members = switch (pair.getPublic()) {
            case RSAPublicKey key ->
                "\"kty\":\"RSA\",\"n\":\"" + number(key.getModulus(), 0) + "\",\"e\":\""
                        + number(key.getPublicExponent(), 0) + "\"";
            case ECPublicKey key -> ecMembers(key);
            default ->
                "\"kty\":\"OKP\",\"crv\":\"" + curve + "\",\"x\":\"" + TestingTokens.encoded(rawPublicKey()) + "\"";
        };
        return "{\"kid\":\"" + keyId + "\"," + members + more + "}";
    }

    private String ecMembers(ECPublicKey key) {
        int bytes = (key.getParams().getCurve().getField().getFieldSize() + 7) / 8;
        return "\"kty\":\"EC\",\"crv\":\"" + curve + "\",\"x\":\""
                + number(key.getW().getAffineX(), bytes) + "\",\"y\":\""
                + number(key.getW().getAffineY(), bytes) + "\"";
    }

    byte[] encodedPublicKey() {
        return pair.getPublic().getEncoded();
    }

    /// The end of the key's X.509 form.
    private byte[] rawPublicKey() {
        byte[] x509 = pair.getPublic().getEncoded();
        return Arrays.copyOfRange(x509, x509.length - (curve.equals("Ed448") ? 57 : 32), x509.length);
    }

    /// Big-endian without a sign, at least that long.
    private static String number(BigInteger number, int bytes) {
        byte[] signed = number.toByteArray();
        byte[] plain = signed[0] == 0 ? Arrays.copyOfRange(signed, 1, signed.length) : signed;
        byte[] padded = new byte[Math.max(bytes, plain.length)];
        System.arraycopy(plain, 0, padded, padded.length - plain.length, plain.length);
        return TestingTokens.encoded(padded);
    }
}
