// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

@_spi(Host)
extension SystemCryptography: SignatureVerifier {
    private static let asymmetric = SignatureAlgorithm.allCases.filter { $0.scheme != .hmac }

    /// The members of a private key (RFC 7518 section 6); a shared secret has only 'k'.
    private static let secretMembers = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"]

    /// The asymmetric algorithms that are verified, by their names in JOSE.
    public var signatureAlgorithms: [String] { SystemCryptography.asymmetric.map(\.rawValue) }

    /// Parses a key set, which must have at least one usable key and only public ones.
    public func publicKeys(_ set: JSON) throws -> any VerificationKeys {
        let elements = set["keys"]?.elements ?? []
        for key in elements where SystemCryptography.secretMembers.contains(where: { key[$0] != nil }) {
            throw JOSEError("it contains a secret or private key; publish only the public half, and replace this key")
        }
        let keys = try JSONWebKeySet(set)
        // One unusable key is left out, but a set without any other would only fail later, and without a reason.
        if keys.keys.isEmpty {
            for key in elements { _ = try JSONWebKey(key) }
            throw JOSEError("it has no keys")
        }
        return keys
    }

    /// Secrets as keys for message authentication codes.
    public func secretKeys(_ secrets: [Secret]) -> any VerificationKeys { SharedSecrets(secrets) }

    /// Parses a JWS with claims, without verifying its signature.
    public func read(_ token: String) throws -> UnverifiedJWT {
        do {
            return try CompactJWS(token).unverified
        } catch let error as JOSEError {
            throw JWTRefusal(error.reason)
        }
    }
}
