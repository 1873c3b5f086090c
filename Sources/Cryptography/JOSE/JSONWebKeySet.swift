// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A set of keys that verify signatures (RFC 7517 section 5).
public struct JSONWebKeySet: Sendable {
    private static let most = 100

    /// The usable keys.
    public let keys: [JSONWebKey]

    /// Parses a key set; keys of an unknown kind and unusable keys are omitted (RFC 7517 section 5).
    ///
    /// - Throws: `JOSEError` if it is not a key set, or if one key could be mistaken for another: two keys have one `kid`,
    ///   or there are shared secrets beside public keys.
    public init(_ json: JSON) throws(JOSEError) {
        guard case .array(let elements) = json["keys"], elements.count <= JSONWebKeySet.most else {
            throw JOSEError("a key set must have a list 'keys' of at most \(JSONWebKeySet.most) keys")
        }
        let ids = elements.compactMap { $0["kid"]?.string }
        guard Set(ids).count == ids.count else { throw JOSEError("two keys of the set have the same 'kid'") }
        let kinds = Set(elements.map { $0["kty"] == "oct" })
        guard kinds.count < 2 else { throw JOSEError("the set contains shared secrets and public keys") }
        keys = elements.compactMap { try? JSONWebKey($0) }
    }

    /// Parses a key set from JSON.
    ///
    /// - Parameter bytes: The JSON, at most 256 KiB.
    /// - Throws: `JOSEError`.
    public init(parsing bytes: [UInt8]) throws(JOSEError) {
        guard bytes.count <= 256 << 10, let json = try? JSON(parsing: bytes) else {
            throw JOSEError("a key set must be JSON of at most 256 KiB")
        }
        try self.init(json)
    }

    /// The one key that may have made a signature: the key with its `kid` or, without one, the only key that fits.
    func key(for signature: JWSSignature) throws(JOSEError) -> JSONWebKey {
        let fitting = keys.filter { $0.fits(signature.algorithm) }
        guard let id = signature.header["kid"]?.string else {
            guard fitting.count == 1 else { throw JOSEError("without 'kid', exactly one key must fit the algorithm") }
            return fitting[0]
        }
        guard let key = fitting.first(where: { $0.id == id }) else { throw JOSEError("no key with this 'kid' fits") }
        return key
    }
}
