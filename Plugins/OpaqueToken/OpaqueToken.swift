// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import Glibc
import GrantKit

/// Access tokens of 256 random bits, which reveal only their time of issue and are kept in the store by their digest.
struct OpaqueToken: Plugin, TokenFormat {
    static let manifest = PluginManifest(
        id: "opaque-token", summary: "random access tokens", specification: "RFC 6749 section 1.4")

    let name = "opaque"
    let isSelfContained = false
    private let host: any PluginHost
    private let prefix: String

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        prefix = settings.read("prefix", default: "gat_", "the prefix of every token, for secret scanners")
        guard prefix.utf8.count <= 16, prefix.utf8.allSatisfy(OpaqueToken.isUnreserved) else {
            throw ConfigurationError(
                "'prefix' must have at most 16 characters: letters, digits, '-', '.' and '_'", at: "prefix")
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    func register(in registry: inout Registry) {
        registry.add(format: self)
        registry.add(collection: StoredToken.collection)
    }

    /// The key of a token's record: the time and the digest, so that the store keeps records in the order of their
    /// creation and writes neighbours together.
    private func key(of value: String) -> StoreKey {
        let time = value.utf8.dropFirst(prefix.utf8.count).prefix(OpaqueToken.timeLength)
        return StoredToken.collection.key("\(Substring(time))\(host.cryptography.digest(value))")
    }

    /// The number of hexadecimal digits of the time in milliseconds.
    private static let timeLength = 11

    /// The current time, from the system's clock since it only decides the order of records.
    private static var time: String {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let digits = String(now.tv_sec * 1000 + now.tv_nsec / 1_000_000, radix: 16)
        return String(repeating: "0", count: max(0, timeLength - digits.utf8.count)) + digits
    }

    func mint(_ contents: TokenContents) async throws -> MintedToken {
        let value = prefix + OpaqueToken.time + host.random(bytes: 32)
        let stored = StoredToken(
            id: contents.id, clientID: contents.client.id, issuedAt: contents.issuedAt,
            authorization: contents.authorization)
        let record = StoreRecord(key(of: value), stored.row, expiresAt: contents.expiresAt)
        return MintedToken(value, writes: [.create(record)])
    }

    func resolve(_ value: String) async throws -> ResolvedToken? {
        guard value.utf8.starts(with: prefix.utf8), value.utf8.count == prefix.utf8.count + OpaqueToken.timeLength + 43,
            let record = try await host.store.read(key(of: value))
        else { return nil }
        let stored = try StoredToken(record.value)
        return ResolvedToken(
            kind: .access, id: stored.id, clientID: stored.clientID, issuedAt: stored.issuedAt,
            expiresAt: record.expiresAt, authorization: stored.authorization)
    }
}

/// The handshake that the server reads before it loads this library.
@c(opaque_token_plugin_abi)
public func opaqueTokenPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(opaque_token_plugin_make)
public func opaqueTokenPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(OpaqueToken.self)
}
