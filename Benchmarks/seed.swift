// SPDX-License-Identifier: Apache-2.0
//
// Fills a store with clients, users, opaque access tokens and revocations through its plugin, in large writes.
// Scripts/bench-admin and Scripts/bench-growth compile and run it. Prints some of the tokens, one on each line.

import COpenSSL
import Glibc
@_spi(Host) import GrantKit

private let never = Timestamp(seconds: 253_402_300_799)
private let writesAtOnce = 5000

/// SHA-256 in base64url, as the core uses it to name records.
private func digest(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    let input = Array(text.utf8)
    var hash = [UInt8](repeating: 0, count: 32)
    EVP_Digest(input, input.count, &hash, nil, EVP_sha256(), nil)
    var (bits, count, out): (UInt32, UInt32, [UInt8]) = (0, 0, [])
    for byte in hash {
        (bits, count) = (bits << 8 | UInt32(byte), count + 8)
        while count >= 6 {
            count -= 6
            out.append(alphabet[Int(bits >> count & 63)])
        }
    }
    out.append(alphabet[Int(bits << (6 - count) & 63)])
    return String(decoding: out, as: UTF8.self)
}

private func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: 7 - digits.count) + digits
}

private func client(_ number: Int) -> [StoreWrite] {
    let id = "client-\(padded(number))"
    let document: JSON = [
        "id": .string(id), "name": "A client of the bench", "grant_types": ["client_credentials"],
        "scope": ["read", "write"],
        "auth": ["client_credentials": ["access_token_expiration": 900, "audience": ["https://api.example.com"]]],
    ]
    let value: JSON = [
        "v": 1, "epoch": .integer(Int64(number)), "document": document,
        "secrets": [["sha256": .string(digest("secret of \(id)"))]],
    ]
    return [
        .create(StoreRecord(StoreKey("client", id), value, expiresAt: never, indexes: ["kind": "client"]))
    ]
}

private func user(_ number: Int) -> [StoreWrite] {
    let id = "user-\(padded(number))"
    let email = "\(id)@example.com"
    let document: JSON = [
        "id": .string(id), "email": .string(email),
        "data": ["given_name": "Ann", "family_name": "Example", "locale": "en"],
    ]
    let value: JSON = ["v": 1, "epoch": .integer(Int64(number)), "document": document]
    let record = StoreRecord(
        StoreKey("user", id), value, expiresAt: never, indexes: ["kind": "user", "email": email])
    let claims = [id, email].map { name in
        StoreWrite.create(
            StoreRecord(StoreKey("user_login", digest(name)), ["v": 1, "user": .string(id)], expiresAt: never))
    }
    return [.create(record)] + claims
}

/// The name of an access token; those of a hundred were issued in the same millisecond.
private func token(_ number: Int) -> String {
    let time = String(1_790_000_000_000 + number / 100, radix: 16)
    return "gat_" + String(repeating: "0", count: 11 - time.utf8.count) + time + digest("token \(number)")
}

/// A token of the client 'opaque', as the plugin 'opaque-token' keeps it.
private func tokenWrites(_ number: Int) -> [StoreWrite] {
    let value = token(number)
    let time = String(decoding: value.utf8.dropFirst(4).prefix(11), as: UTF8.self)
    let authorization = Authorization(
        subject: .client("opaque"), limits: AccessLimits(scope: ["read"], audience: []))
    let row: JSON = [
        "id": .string("seed-\(number)"), "client": "opaque", "iat": 1_790_000_000,
        "authorization": authorization.stored,
    ]
    return [.create(StoreRecord(StoreKey("opaque_token", time + digest(value)), row, expiresAt: never))]
}

private func revocation(_ number: Int) -> [StoreWrite] {
    [.create(StoreRecord(StoreKey("revoked", digest("revoked \(number)")), [:], expiresAt: never))]
}

@main struct Seed {
    private static let kinds: [(name: String, writes: @Sendable (Int) -> [StoreWrite])] = [
        ("clients", client), ("users", user), ("tokens", tokenWrites), ("revocations", revocation),
    ]

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let path = arguments.first, let (plugin, store) = try open(path) else {
            return print("usage: seed <libsqlite-store.so> [clients=N] [users=N] [tokens=N] [revocations=N]")
        }
        try await plugin.start()
        for (name, writes) in kinds {
            let prefix = "\(name)="
            let count = arguments.compactMap { $0.hasPrefix(prefix) ? Int($0.dropFirst(prefix.count)) : nil }.first ?? 0
            try await fill(store, count, writes)
            guard name == "tokens" else { continue }
            for index in 0..<min(count, 1000) { print(token(index * max(1, count / 1000))) }
        }
        await plugin.stop()
    }

    private static func fill(_ store: any Store, _ count: Int, _ writes: (Int) -> [StoreWrite]) async throws {
        var waiting: [StoreWrite] = []
        for number in 0..<count {
            waiting += writes(number)
            guard waiting.count >= writesAtOnce || number == count - 1 else { continue }
            guard try await store.write(waiting) == .committed else { throw StoreError("the store is not empty") }
            waiting = []
        }
    }

    private static func open(_ path: String) throws -> (any Plugin, any Store)? {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(handle, "sqlite_store_plugin_make")
        else { return nil }
        let make = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafeMutableRawPointer).self)
        let plugin = try PluginExport.take(make()).type.init(settings: Settings(NoSettings()), host: NoHost())
        var registry = Registry()
        try plugin.register(in: &registry)
        return registry.stores.first.map { (plugin, $0) }
    }
}
