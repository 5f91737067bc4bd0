package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.auth0.jwt.algorithms.Algorithm;
import java.util.Base64;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Tokens signed with a secret of the tests' own.
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
        return sign(encoded(header), encoded(claims), secret);
    }

    /// Signs the tokens in a recorded text again, with our secret; those whose signature is listed get a wrong
    /// one.
    public static String resigned(String text, String wrongSignature, UnaryOperator<String> claims) {
        Matcher matcher = TOKEN.matcher(text);
        return matcher.replaceAll(match -> sign(
                match.group(1),
                encoded(claims.apply(new String(Base64.getUrlDecoder().decode(match.group(2)), UTF_8))),
                match.group(3).equals(wrongSignature) ? "another secret" : SECRET));
    }

    private static String sign(String header, String claims, String secret) {
        byte[] signature = Algorithm.HMAC256(secret).sign(header.getBytes(UTF_8), claims.getBytes(UTF_8));
        return header + "." + claims + "."
                + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
    }

    private static String encoded(String json) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes(UTF_8));
    }
}
