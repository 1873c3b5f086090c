// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Support
import Testing

/// Stores that tests copy, and copies as tests make and compare them.
enum Copied {
    static let issuer = "http://127.0.0.1:8080"
    static let secret = "a secret of the copied clients"

    /// The stores of this build, as arguments of tests.
    static let kinds: [String] = {
        #if POSTGRESQL
        ["sqlite", "postgres"]
        #else
        ["sqlite"]
        #endif
    }()

    /// A store, as an entry of 'plugins'.
    static func sqlite(_ path: String = "store.db") -> String {
        "{ plugin: sqlite-store, settings: { path: \(path) } }"
    }

    #if POSTGRESQL
    /// A store in a schema of its own.
    static func postgreSQL() throws -> String {
        let url = try PostgreSQLCluster.shared.get().schema()
        return "{ plugin: postgres-store, settings: { url: \"\(url)\", statement_timeout: 60s } }"
    }
    #endif

    /// A configuration whose grants leave something of every kind in the store.
    static func yaml(_ store: String, clients: String = "", more: String = "") -> String {
        """
        issuer: \(issuer)
        listen: { port: 0 }
        log: { level: notice, format: json }
        default_token_format: opaque
        plugins:
          - \(store)
        \(plugins.map { "  - \($0)\n" }.joined())
        clients:
          - { id: service, secret: "\(secret)", grant_types: [client_credentials], scope: [read] }
          - id: api
            secret: "\(secret)"
            grant_types: [client_credentials]
            auth: { client_credentials: { token_format: jwt } }
          - { id: tv, grant_types: [device_code], scope: [read] }
          - id: app
            secret: "\(secret)"
            grant_types: [authorization_code]
            scope: [openid, read]
            auth:
              authorization_code: { redirect_uri: "http://127.0.0.1:9/cb", pkce: false, refresh_token: true }
        \(clients)
        users: [{ id: ann, password: demo-ann }]
        \(more)
        """
    }

    private static let plugins = [
        "opaque-token", "jwt-token", "client-credentials", "client-assertion", "authorization-code", "password-login",
        "openid", "introspection", "revocation", "device-authorization",
        "{ plugin: refresh-token, settings: { grace: 0s } }",
    ]

    // MARK: copies

    /// A copy with some lines of items, which is good unless they are not.
    static func file(_ items: [String], kind: String = "export", header: [String: String] = [:]) throws -> String {
        var members = [
            "grantor": "\"\(kind)\"", "format": "1", "server": "\"0.2.0\"", "issuer": "\"\(issuer)\"",
            "taken_at": "1700000000", "plugins": "[]", "collections": "[]",
        ]
        members.merge(header) { $1 }
        let first = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        let lines = (["{\(first)}"] + items).map { "\($0)\n" }.joined()
        return lines + (try end(of: lines, items.count))
    }

    /// The last line of a copy.
    static func end(of lines: String, _ count: Int) throws -> String {
        let digest = RunningDigest()
        digest.add(Array(lines.utf8))
        return "{\"grantor\":\"end\",\"items\":\(count),\"sha256\":\"\(try digest.end())\"}\n"
    }

    /// The lines of the items of a copy, in the order of their bytes.
    static func items(_ copy: String) -> [String] {
        copy.split(separator: "\n").map(String.init).dropFirst().dropLast().sorted()
    }

    /// A line about a record.
    static func record(
        _ collection: String, _ id: String, value: String = "{}", version: Int = 1, more: String = ""
    ) -> String {
        "{\"collection\":\"\(collection)\",\"id\":\"\(id)\",\"value\":\(value),\"version\":\(version),"
            + "\"expires_at\":4000000000\(more)}"
    }
}
