// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A JWS in compact serialization, parsed strictly but not yet verified (RFC 7515 section 7.1).
///
/// The header never decides which key verifies: `jku`, `x5u`, `x5c` and `jwk` are ignored, `kid` only chooses among the
/// keys that the caller trusts, and `alg` must be the algorithm of the key (RFC 8725 sections 3.1 and 3.10).
public struct CompactJWS: Sendable {
    /// The default maximum length in bytes.
    public static let longest = 16_384

    /// The protected header.
    public let header: JSON
    /// The algorithm in the header.
    public let algorithm: SignatureAlgorithm
    let payload: [UInt8]
    let signature: [UInt8]
    /// The whole JWS.
    private let bytes: [UInt8]
    /// The length of the header and the payload with the dot between them.
    private let signedLength: Int

    /// Parses a JWS.
    ///
    /// - Parameters:
    ///   - text: The JWS in compact serialization.
    ///   - longest: The maximum length in bytes.
    /// - Throws: `JOSEError` if it is malformed, has no signature, or requires extensions (`crit`).
    public init(_ text: String, longest: Int = CompactJWS.longest) throws(JOSEError) {
        guard text.utf8.count <= longest else { throw JOSEError("it is too long") }
        let bytes = Array(text.utf8)
        let dots = bytes.indices.filter { bytes[$0] == UInt8(ascii: ".") }
        guard dots.count == 2 else { throw JOSEError("it must have three parts") }
        guard let head = Base64URL.decode(bytes[..<dots[0]]),
            let payload = Base64URL.decode(bytes[(dots[0] + 1)..<dots[1]]),
            let signature = Base64URL.decode(bytes[(dots[1] + 1)...])
        else { throw JOSEError("a part is not base64url without padding") }
        guard let header = try? JSON(parsing: head), case .object = header else {
            throw JOSEError("the header is not a JSON object")
        }
        guard header["crit"] == nil else { throw JOSEError("it requires extensions ('crit')") }
        guard let algorithm = SignatureAlgorithm(rawValue: header["alg"]?.string ?? "") else {
            throw JOSEError("'alg' is not a supported algorithm; unsigned tokens are not accepted")
        }
        guard !signature.isEmpty else { throw JOSEError("it has no signature") }
        _ = try JSONWebKey.text("kid", header)
        (self.header, self.algorithm, self.payload, self.signature) = (header, algorithm, payload, signature)
        (self.bytes, signedLength) = (bytes, dots[1])
    }

    /// The bytes that are signed: the header and the payload with the dot between them.
    var signedBytes: [UInt8] { Array(bytes[..<signedLength]) }

    /// The digest of the whole JWS.
    var digest: TokenDigest { TokenDigest(of: bytes) }

    /// Verifies the signature with a key.
    ///
    /// - Returns: The payload.
    /// - Throws: `JOSEError` if the signature is not valid or the key is for another purpose.
    public func verified(by key: JSONWebKey) throws(JOSEError) -> [UInt8] {
        if let id = key.id, let named = header["kid"]?.string, id != named {
            throw JOSEError("'kid' names another key")
        }
        guard key.fits(algorithm) else { throw JOSEError("the key is not for '\(algorithm.rawValue)'") }
        guard key.verify(signature, of: signedBytes, by: algorithm) else { throw JOSEError("the signature is wrong") }
        return payload
    }

    /// Verifies the signature with the one key of a set that may have made it.
    ///
    /// - Returns: The payload.
    /// - Throws: `JOSEError`.
    public func verified(by set: JSONWebKeySet) throws(JOSEError) -> [UInt8] {
        try verified(by: try set.key(for: self))
    }
}
