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

/// The signatures we can check; whatever is not listed, `none` above all, is refused.
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

    /// The least a shared secret must hold, whatever the hash: what HS256 asks for.
    static final int SECRET_BYTES_MIN = 32;

    private final String label;

    SignatureAlgorithm(String label) {
        this.label = label;
    }

    /// @param label as in a header's or key's `alg`, letter by letter
    static Optional<SignatureAlgorithm> named(String label) {
        return Arrays.stream(values())
                .filter(algorithm -> algorithm.label.equals(label))
                .findFirst();
    }

    boolean isSymmetric() {
        return this == HS256 || this == HS384 || this == HS512;
    }

    /// Whether the key is of the kind, curve and size that this algorithm needs. A public key never fits an algorithm
    /// of shared secrets, nor the other way round.
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

    /// Two names for one way to sign: RFC 9864 names the curve, RFC 8037 leaves it to the key.
    boolean isSameAs(SignatureAlgorithm other) {
        return this == other || (isEdwards() && other.isEdwards());
    }

    boolean verify(Key key, byte[] signed, byte[] signature) {
        try {
            return implementation().verifySignature(signature, key, signed, new ProviderContext());
        } catch (JoseException _) {
            // the signature's own form is broken
            return false;
        }
    }

    private boolean isEdwards() {
        return this == EDDSA || this == ED25519 || this == ED448;
    }

    /// Whether the library finds size and curve good enough.
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
