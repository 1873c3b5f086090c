// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A JWS in compact serialization, parsed strictly but not yet verified (RFC 7515 section 7.1).
///
public struct CompactJWS: Sendable {
    /// The default maximum length in bytes.
    public static let longest = 16_384

    /// The signature, with the header that describes it.
    let signature: JWSSignature
    let payload: [UInt8]
    /// The whole JWS.
    private let bytes: [UInt8]

    /// The protected header.
    public var header: JSON { signature.header }

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
        self.signature = try JWSSignature(header, of: Array(bytes[..<dots[1]]), signature)
        (self.payload, self.bytes) = (payload, bytes)
    }

    /// The digest of the whole JWS.
    var digest: TokenDigest { TokenDigest(of: bytes) }

    /// The JWT that this is, with its claims.
    var unverified: UnverifiedJWT {
        get throws {
            guard let claims = try? JSON(parsing: payload), case .object = claims else {
                throw JWTRefusal("its claims are not a JSON object")
            }
            return signature.unverified(claims)
        }
    }

    /// Verifies the signature with a key.
    ///
    /// - Returns: The payload.
    /// - Throws: `JOSEError` if the signature is not valid or the key is for another purpose.
    public func verified(by key: JSONWebKey) throws(JOSEError) -> [UInt8] {
        try signature.verify(by: key)
        return payload
    }

    /// Verifies the signature with the one key of a set that may have made it.
    ///
    /// - Returns: The payload.
    /// - Throws: `JOSEError`.
    public func verified(by set: JSONWebKeySet) throws(JOSEError) -> [UInt8] {
        try verified(by: try set.key(for: signature))
    }
}
