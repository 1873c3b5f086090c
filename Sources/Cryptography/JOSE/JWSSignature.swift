// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The signature of a JWS that was parsed, with what it signs (RFC 7515 section 5.2).
///
/// The header never decides which key verifies: `jku`, `x5u`, `x5c` and `jwk` are ignored, `kid` only chooses among the
/// keys that the caller trusts, and `alg` must be the algorithm of the key (RFC 8725 sections 3.1 and 3.10).
struct JWSSignature {
    /// The protected header.
    let header: JSON
    /// The algorithm in the header.
    let algorithm: SignatureAlgorithm
    /// The bytes that are signed: the encoded header and payload with the dot between them.
    let signed: [UInt8]
    /// The signature itself, in the format of JOSE.
    let bytes: [UInt8]

    /// Takes a signature from a JWS.
    ///
    /// - Throws: `JOSEError` if the header names no algorithm that is supported, or there is no signature.
    init(_ header: JSON, of signed: [UInt8], _ bytes: [UInt8]) throws(JOSEError) {
        guard let algorithm = SignatureAlgorithm(rawValue: header["alg"]?.string ?? "") else {
            throw JOSEError("'alg' is not a supported algorithm; unsigned tokens are not accepted")
        }
        guard !bytes.isEmpty else { throw JOSEError("it has no signature") }
        _ = try JSONWebKey.text("kid", header)
        (self.header, self.algorithm, self.signed, self.bytes) = (header, algorithm, signed, bytes)
    }

    /// The JWT that has this signature.
    func unverified(_ claims: JSON) -> UnverifiedJWT {
        UnverifiedJWT(header: header, claims: claims, signed: signed, signature: bytes)
    }

    /// Verifies the signature with a key.
    ///
    /// - Throws: `JOSEError` if the signature is not valid or the key is for another purpose.
    func verify(by key: JSONWebKey) throws(JOSEError) {
        if let id = key.id, let named = header["kid"]?.string, id != named {
            throw JOSEError("'kid' names another key")
        }
        guard key.fits(algorithm) else { throw JOSEError("the key is not for '\(algorithm.rawValue)'") }
        guard key.verify(bytes, of: signed, by: algorithm) else { throw JOSEError("the signature is wrong") }
    }
}
