// SPDX-License-Identifier: Apache-2.0

/// A signature algorithm of JOSE, by its `alg` (RFC 7518 section 3.1, RFC 8037 section 3.1).
public enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// ECDSA on P-384 with SHA-384.
    case es384 = "ES384"
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rs256 = "RS256"
    /// RSASSA-PSS with SHA-256.
    case ps256 = "PS256"
    /// Ed25519.
    case edDSA = "EdDSA"
    /// ECDSA on P-521 with SHA-512.
    case es512 = "ES512"
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    case rs384 = "RS384"
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    case rs512 = "RS512"
    /// RSASSA-PSS with SHA-384.
    case ps384 = "PS384"
    /// RSASSA-PSS with SHA-512.
    case ps512 = "PS512"
    /// HMAC with SHA-256.
    case hs256 = "HS256"
    /// HMAC with SHA-384.
    case hs384 = "HS384"
    /// HMAC with SHA-512.
    case hs512 = "HS512"

    /// The algorithms that the server signs with; it verifies all algorithms.
    public static let own: [SignatureAlgorithm] = [.es256, .es384, .rs256, .ps256, .edDSA]

    /// The names of the algorithms that the server signs with.
    public static var ownNames: [String] { own.map(\.rawValue) }

    /// A signature scheme.
    enum Scheme: Equatable {
        case ecdsa(Curve)
        case pkcs1
        case pss
        case edDSA
        case hmac
    }

    var scheme: Scheme {
        switch self {
        case .es256: .ecdsa(.p256)
        case .es384: .ecdsa(.p384)
        case .es512: .ecdsa(.p521)
        case .rs256, .rs384, .rs512: .pkcs1
        case .ps256, .ps384, .ps512: .pss
        case .edDSA: .edDSA
        case .hs256, .hs384, .hs512: .hmac
        }
    }

    /// The hash function; for EdDSA, the one that it uses internally.
    var hash: HashFunction {
        switch self {
        case .es256, .rs256, .ps256, .hs256: .sha256
        case .es384, .rs384, .ps384, .hs384: .sha384
        case .es512, .rs512, .ps512, .hs512, .edDSA: .sha512
        }
    }
}
