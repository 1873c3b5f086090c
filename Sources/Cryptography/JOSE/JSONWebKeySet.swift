// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The keys of somebody else, to verify with (RFC 7517 section 5).
public struct JSONWebKeySet: Sendable {
    private static let most = 100

    /// The keys that can be used.
    public let keys: [JSONWebKey]

    /// Reads a set; keys that are of an unknown kind or cannot be used are left out, as section 5 asks.
    ///
    /// - Throws: `JOSEError` if it is no set, or one in which a key could be taken for another: two with one `kid`, or
    ///   shared secrets beside public keys.
    public init(_ json: JSON) throws(JOSEError) {
        guard case .array(let elements) = json["keys"], elements.count <= JSONWebKeySet.most else {
            throw JOSEError("a set of keys must have a list 'keys' of at most \(JSONWebKeySet.most)")
        }
        let ids = elements.compactMap { $0["kid"]?.string }
        guard Set(ids).count == ids.count else { throw JOSEError("two keys of the set have the same 'kid'") }
        let kinds = Set(elements.map { $0["kty"] == "oct" })
        guard kinds.count < 2 else { throw JOSEError("the set holds shared secrets beside public keys") }
        keys = elements.compactMap { try? JSONWebKey($0) }
    }

    /// Reads a set out of its text.
    ///
    /// - Parameter bytes: At most 256 KiB.
    /// - Throws: `JOSEError`.
    public init(parsing bytes: [UInt8]) throws(JOSEError) {
        guard bytes.count <= 256 << 10, let json = try? JSON(parsing: bytes) else {
            throw JOSEError("a set of keys must be JSON of at most 256 KiB")
        }
        try self.init(json)
    }

    /// The one key that may have made a signature: by `kid`, or without one the only key for the algorithm.
    func key(for signature: CompactJWS) throws(JOSEError) -> JSONWebKey {
        let fitting = keys.filter { $0.fits(signature.algorithm) }
        guard let id = signature.header["kid"]?.string else {
            guard fitting.count == 1 else { throw JOSEError("without 'kid' there must be one key that fits") }
            return fitting[0]
        }
        guard let key = fitting.first(where: { $0.id == id }) else { throw JOSEError("no key of that 'kid' fits") }
        return key
    }
}
