package dev.walcast.server.auth;

import java.security.Key;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.SecretKey;
import org.jose4j.jca.ProviderContext;
import org.jose4j.jwa.AlgorithmFactoryFactory;
import org.jose4j.jws.JsonWebSignatureAlgorithm;
import org.jose4j.lang.InvalidAlgorithmException;
import org.jose4j.lang.InvalidKeyException;
import org.jose4j.lang.JoseException;

/// The signature algorithms that are supported. Any other algorithm is refused, `none` included.
enum SignatureAlgorithm {
    HS256("HS256"),
    HS384("HS384"),
    HS512("HS512"),
    RS256("RS256"),
    RS384("RS384"),
    RS512("RS512"),
    ES256("ES256"),
    ES384("ES384"),
    ES512("ES512"),
    EDDSA("EdDSA"),
    ED25519("Ed25519"),
    ED448("Ed448");

    /// The shortest shared secret in bits, for every hash: the minimum of HS256.
    static final int SECRET_BYTES_MIN = 32;

    private final String label;

    SignatureAlgorithm(String label) {
        this.label = label;
    }

    /// @param label the `alg` of a header or key; case matters
    static Optional<SignatureAlgorithm> named(String label) {
        return Arrays.stream(values())
                .filter(algorithm -> algorithm.label.equals(label))
                .findFirst();
    }

    boolean isSymmetric() {
        return this == HS256 || this == HS384 || this == HS512;
    }

    /// Whether the key has the type, curve and size that this algorithm needs. A public key never fits an algorithm
    /// for shared secrets, nor a shared secret one for public keys.
    boolean fits(Key key) {
        return switch (this) {
            case HS256, HS384, HS512 ->
                key instanceof SecretKey secret && secret.getEncoded().length >= SECRET_BYTES_MIN;
            case RS256, RS384, RS512 -> key instanceof RSAPublicKey && isValid(key);
            case ES256, ES384, ES512 -> key instanceof ECPublicKey && isValid(key);
            case EDDSA -> key instanceof EdECPublicKey;
            case ED25519, ED448 ->
                key instanceof EdECPublicKey edwards
                        && label.equals(edwards.getParams().getName());
        };
    }

    /// Whether both names mean the same signature: RFC 9864 names the curve, RFC 8037 leaves it to the key.
    boolean isSameAs(SignatureAlgorithm other) {
        return this == other || (isEdwards() && other.isEdwards());
    }

    boolean verify(Key key, byte[] signed, byte[] signature) {
        try {
            return implementation().verifySignature(signature, key, signed, new ProviderContext());
        } catch (JoseException _) {
            // the signature is malformed
            return false;
        }
    }

    private boolean isEdwards() {
        return this == EDDSA || this == ED25519 || this == ED448;
    }

    /// Whether the library accepts the key's size and curve.
    private boolean isValid(Key key) {
        try {
            implementation().validateVerificationKey(key);
            return true;
        } catch (InvalidKeyException _) {
            return false;
        }
    }

    private JsonWebSignatureAlgorithm implementation() {
        try {
            return AlgorithmFactoryFactory.getInstance()
                    .getJwsAlgorithmFactory()
                    .getAlgorithm(isEdwards() ? EDDSA.label : label);
        } catch (InvalidAlgorithmException e) {
            throw new IllegalStateException(label + " is missing from this Java", e);
        }
    }
}
