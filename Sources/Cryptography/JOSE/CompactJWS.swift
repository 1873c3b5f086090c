// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A JWS in its compact form, read strictly; who made it is not known before it is verified (RFC 7515 section 7.1).
///
/// The header never says which key verifies: `jku`, `x5u`, `x5c` and `jwk` are not looked at, `kid` only chooses among
/// the keys that the caller trusts, and `alg` has to be the one that the key is for (RFC 8725 sections 3.1 and 3.10).
public struct CompactJWS: Sendable {
    /// The longest one that is read, in bytes, unless told otherwise.
    public static let longest = 16_384

    /// The protected header.
    public let header: JSON
    /// The algorithm that the header names.
    public let algorithm: SignatureAlgorithm
    let payload: [UInt8]
    let signedBytes: [UInt8]
    let signature: [UInt8]

    /// Reads a JWS.
    ///
    /// - Parameters:
    ///   - text: The three parts.
    ///   - longest: The most bytes that it may have.
    /// - Throws: `JOSEError` if it is malformed, without a signature, or asks for extensions (`crit`).
    public init(_ text: String, longest: Int = CompactJWS.longest) throws(JOSEError) {
        guard text.utf8.count <= longest else { throw JOSEError("it is too long") }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw JOSEError("it does not have three parts") }
        guard let head = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw JOSEError("a part is not base64url without padding") }
        guard let header = try? JSON(parsing: head), case .object = header else {
            throw JOSEError("the header is no object")
        }
        guard header["crit"] == nil else { throw JOSEError("it asks for extensions ('crit')") }
        guard let algorithm = SignatureAlgorithm(rawValue: header["alg"]?.string ?? "") else {
            throw JOSEError("'alg' is none that is known; unsigned is not accepted")
        }
        guard !signature.isEmpty else { throw JOSEError("it has no signature") }
        _ = try JSONWebKey.text("kid", header)
        (self.header, self.algorithm, self.payload, self.signature) = (header, algorithm, payload, signature)
        signedBytes = Array(text.utf8.prefix(parts[0].count + 1 + parts[1].count))
    }

    /// What was signed, if the key made the signature.
    ///
    /// - Throws: `JOSEError` if the key is for something else or did not make it.
    public func verified(by key: JSONWebKey) throws(JOSEError) -> [UInt8] {
        if let id = key.id, let named = header["kid"]?.string, id != named {
            throw JOSEError("'kid' names another key")
        }
        guard key.fits(algorithm) else { throw JOSEError("the key is not for '\(algorithm.rawValue)'") }
        guard key.verify(signature, of: signedBytes, by: algorithm) else { throw JOSEError("the signature is wrong") }
        return payload
    }

    /// What was signed, if the one key of a set that may have made the signature did.
    ///
    /// - Throws: `JOSEError`.
    public func verified(by set: JSONWebKeySet) throws(JOSEError) -> [UInt8] {
        try verified(by: try set.key(for: self))
    }
}
