// SPDX-License-Identifier: Apache-2.0

import GrantKit
import ServerConfiguration
import Support
import Testing

@testable import AuthorizationServer

@Suite("Text in the configuration means what its bytes say", .timeLimit(.minutes(10)))
struct HostileConfigurationTests {
    private static let client: JSON = [
        "id": "shop", "secret": "a long enough secret", "name": "Shop", "type": "web-app", "active": true,
        "grant_types": ["authorization_code", "client_credentials"], "scope": ["read", "write"],
        "redirect_uri": "https://shop.example/cb",
        "allowed_origins": ["https://shop.example"], "client_uri": "https://shop.example/about",
        "auth": [
            "authorization_code": ["redirect_uri": "https://shop.example/code", "token_format": "opaque"],
            "client_credentials": ["audience": ["https://api.example", "#https://[a-z]+[.]example"]],
        ],
    ]
    private static let user: JSON = [
        "id": "ann", "userName": "ann", "email": "ann@example.com", "password": "kangaroo-kettle",
        "data": ["name": "Ann Lee", "nested": ["list": ["one", "two"]]],
    ]
    private static let file: JSON = [
        "issuer": "https://id.example", "listen": ["host": "127.0.0.1", "port": 8080],
        "monitoring": ["host": "127.0.0.1"], "paths": ["base": "/auth", "aliases": ["/oauth2"]],
        "plugin_path": ["/usr/lib/grantor"],
        "plugins": [
            [
                "plugin": "one-plugin", "library": "/usr/lib/one.so",
                "settings": ["path": "var/kept.db", "more": ["k": "v"]],
            ],
            "another-plugin",
        ],
        "default_token_format": "opaque", "pages": ["folder": "pages"],
        "outbound": [
            "allowed_networks": ["10.0.0.0/8"], "ca_file": "ca.pem",
            "proxy": ["url": "http://a.example:1", "username": "a", "password": "b", "except": ["c.example"]],
        ], "log": ["level": "info", "format": "json"],
        "clients": [["id": "shop", "name": "Shop"]], "users": [["id": "ann", "data": ["name": "Ann Lee"]]],
    ]

    // MARK: one place of a document after the other

    /// Variants of a document in which one string or one member name is changed, each with the changed string.
    private static func variants(
        of json: JSON, sparing spared: Set<String> = []
    ) -> [(document: JSON, now: String)] {
        var all: [(document: JSON, now: String)] = []
        switch json {
        case .string(let text): all = Hostile.variants(of: text).map { (JSON.string($0), $0) }
        case .array(let elements):
            for index in elements.indices {
                for (variant, now) in variants(of: elements[index], sparing: spared) {
                    var changed = elements
                    changed[index] = variant
                    all.append((JSON.array(changed), now))
                }
            }
        case .object(let members):
            for (index, member) in members.enumerated() {
                var changes = Hostile.variants(of: member.name).map { (JSON.Member($0, member.value), $0) }
                if !spared.contains(member.name) {
                    for (variant, now) in variants(of: member.value, sparing: spared) {
                        changes.append((JSON.Member(member.name, variant), now))
                    }
                }
                for (change, now) in changes {
                    var changed = members
                    changed[index] = change
                    all.append((JSON.object(changed), now))
                }
            }
        default: break
        }
        return all
    }

    /// Collects the bytes of all strings in a value.
    private static func strings(in value: Any, _ found: inout Set<[UInt8]>) {
        if let text = value as? String { found.insert(Array(text.utf8)) }
        if let secret = value as? Secret { found.insert(Array(secret.exposed.utf8)) }
        for child in Mirror(reflecting: value).children { strings(in: child.value, &found) }
    }

    private static func keeps(_ value: Any, _ text: String) -> Bool {
        var found: Set<[UInt8]> = []
        strings(in: value, &found)
        return found.contains(Array(text.utf8))
    }

    private static let sources = ReferenceSources(
        environment: { _ in nil }, file: { _ in [] }, exposure: { _ in nil })

    @Test("hostile text in names and values is refused or kept byte by byte, and no message controls a terminal")
    func file() throws {
        let plain = Configuration.read(Self.file.bytes, name: "grantor.yaml", references: Self.sources).diagnostics
        #expect(!plain.hasErrors, "\(plain.text)")
        var (refused, kept) = (0, 0)
        for (document, now) in Self.variants(of: Self.file) {
            let (configuration, diagnostics) = Configuration.read(
                document.bytes, name: "grantor.yaml", references: Self.sources)
            let text = diagnostics.text
            #expect(
                text.unicodeScalars.allSatisfy {
                    $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F && $0 != "\u{2028}"
                },
                "\(now.debugDescription)")
            if diagnostics.hasErrors {
                refused += 1
            } else {
                kept += 1
                #expect(Self.keeps(configuration, now), "\(now.debugDescription) became something else")
            }
        }
        #expect(refused > 500 && kept > 300, "\(refused) refused, \(kept) kept")
    }

    @Test("a client or user that resembles another is refused, or is exactly what the file says")
    func documents() async throws {
        let plugins = Plugins.discouraged
        let server = try await TestServer(plugins, clients: [Self.client], users: [Self.user])
        var (refused, kept) = (0, 0)
        for (client, now) in Self.variants(of: Self.client, sparing: ["secret"]) {
            guard let generation = try? await server.generation(plugins, clients: [client], users: []) else {
                refused += 1
                continue
            }
            kept += 1
            #expect(
                Self.keeps(generation.clients, now) || Self.keeps(generation.clientDocuments, now),
                "\(now.debugDescription)")
        }
        for (user, now) in Self.variants(of: Self.user, sparing: ["password"]) {
            guard let generation = try? await server.generation(plugins, clients: [], users: [user]) else {
                refused += 1
                continue
            }
            kept += 1
            #expect(Self.keeps(generation.users, now), "\(now.debugDescription)")
        }
        #expect(refused > 200 && kept > 200, "\(refused) refused, \(kept) kept")
    }
}
