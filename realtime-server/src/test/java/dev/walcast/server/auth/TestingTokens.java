package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Tokens signed with the tests' own secret.
public final class TestingTokens {
    public static final String SECRET = "a-secret-that-only-the-tests-know-and-nobody-else";
    public static final String ANON = anon(2_100_000_000L);

    private static final String HS256 = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    private static final Pattern TOKEN = Pattern.compile("(eyJ[\\w-]+)\\.(eyJ[\\w-]+)\\.([\\w-]+)");

    private TestingTokens() {}

    public static String anon(long exp) {
        return signed("{\"role\":\"anon\",\"iss\":\"lab\",\"exp\":" + exp + "}");
    }

    public static String signed(String claims) {
        return signed(HS256, claims, SECRET);
    }

    public static String signed(String header, String claims, String secret) {
        return signed(header, claims, secret, "HmacSHA256");
    }

    static String signed(String header, String claims, String secret, String mac) {
        return sign(encoded(header), encoded(claims), secret, mac);
    }

    /// Signs the tokens in a recorded text again, with our secret; those whose signature is listed get a wrong
    /// one.
    public static String resigned(String text, String wrongSignature, UnaryOperator<String> claims) {
        Matcher matcher = TOKEN.matcher(text);
        return matcher.replaceAll(match -> sign(
                match.group(1),
                encoded(claims.apply(new String(Base64.getUrlDecoder().decode(match.group(2)), UTF_8))),
                match.group(3).equals(wrongSignature) ? "another secret" : SECRET,
                "HmacSHA256"));
    }

    /// Signs with the JDK alone, so that tested code does not verify itself.
    private static String sign(String header, String claims, String secret, String algorithm) {
        String signed = header + "." + claims;
        try {
            Mac mac = Mac.getInstance(algorithm);
            // an empty secret is no key to the JDK
            mac.init(new SecretKeySpec((secret + "\0").getBytes(UTF_8), 0, Math.max(1, secret.length()), algorithm));
            return signed + "." + encoded(mac.doFinal(signed.getBytes(UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static String encoded(String json) {
        return encoded(json.getBytes(UTF_8));
    }

    static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
