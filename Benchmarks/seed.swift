// SPDX-License-Identifier: Apache-2.0
//
// Fills a store with clients and users through its plugin, in large writes. Scripts/bench-admin compiles and runs it.

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

@main struct Seed {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let clients = Int(arguments[2]), let users = Int(arguments[3]),
            let handle = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL),
            let symbol = dlsym(handle, "sqlite_store_plugin_make")
        else { return print("usage: seed <libsqlite-store.so> <clients> <users>") }
        let make = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafeMutableRawPointer).self)
        let plugin = try PluginExport.take(make()).type.init(settings: Settings(NoSettings()), host: NoHost())
        var registry = Registry()
        try plugin.register(in: &registry)
        guard let store = registry.stores.first else { return print("no store") }
        try await plugin.start()
        var waiting: [StoreWrite] = []
        for number in 0..<(clients + users) {
            waiting += number < clients ? client(number) : user(number - clients)
            guard waiting.count >= writesAtOnce || number == clients + users - 1 else { continue }
            guard try await store.write(waiting) == .committed else { return print("the store is not empty") }
            waiting = []
        }
        await plugin.stop()
        print("\(clients) clients and \(users) users")
    }
}
