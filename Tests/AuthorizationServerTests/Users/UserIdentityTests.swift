// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer
@testable import Cryptography

@Suite("Users have identities at other servers", .timeLimit(.minutes(10)))
struct UserIdentityTests {
    private static let issuer = "https://idp.example.com"

    private static func identity(_ subject: String, at issuer: String = issuer) -> JSON {
        ["issuer": .string(issuer), "subject": .string(subject)]
    }

    private static func user(_ id: String, _ identities: JSON...) -> JSON {
        ["id": .string(id), "identities": .array(identities)]
    }

    private func id(_ subject: String, at issuer: String = issuer, _ server: TestServer) async throws -> String? {
        try await server.core.users.find(issuer: issuer, subject: subject)?.id
    }

    @Test("a user is found by issuer and subject alone, byte for byte, in the configuration and in the store")
    func finds() async throws {
        let server = try await TestServer(users: [Self.user("ann", Self.identity("1"), Self.identity("é"))])
        _ = try await server.stored.create(Self.user("bob", Self.identity("2")))
        #expect(try await id("1", server) == "ann")
        #expect(try await id("\u{E9}", server) == "ann")
        #expect(try await id("e\u{301}", server) == nil)
        #expect(try await id("2", server) == "bob")
        for (subject, issuer) in [
            ("1", "https://other.example.com"), ("ann", Self.issuer), ("", Self.issuer), ("3", ""),
        ] {
            #expect(try await id(subject, at: issuer, server) == nil)
        }
    }

    @Test("of many users made at once with one identity, one is made")
    func unique() async throws {
        let server = try await TestServer()
        let users = try server.stored
        let made = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                group.addTask { (try? await users.create(Self.user("user-\(number)", Self.identity("1")))) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 1)
        let refusal = await #expect(throws: DocumentRefusal.self) {
            _ = try await users.create(Self.user("late", Self.identity("1")))
        }
        #expect(refusal?.kind == .taken)
    }

    @Test("an identity is free again once it or its user is removed, and moves with one change")
    func moves() async throws {
        let server = try await TestServer()
        let users = try server.stored
        _ = try await users.create(Self.user("ann", Self.identity("1"), Self.identity("2")))
        _ = try await users.replace("ann", with: Self.user("ann", Self.identity("2"), Self.identity("3")), if: .any)
        #expect(try await id("1", server) == nil)
        #expect(try await id("3", server) == "ann")
        _ = try await users.create(Self.user("bob", Self.identity("1")))
        #expect(try await id("1", server) == "bob")
        _ = try await users.delete("bob", if: .any)
        #expect(try await id("1", server) == nil)
        _ = try await users.create(Self.user("eve", Self.identity("1")))
        #expect(try await id("1", server) == "eve")
    }

    @Test("a stored user cannot take an identity of a declared one")
    func declared() async throws {
        let server = try await TestServer(users: [Self.user("ann", Self.identity("1"))])
        let refusal = await #expect(throws: DocumentRefusal.self) {
            _ = try await server.stored.create(Self.user("bob", Self.identity("1")))
        }
        #expect(refusal?.kind == .taken)
    }

    static let wrong: [JSON] = [
        "x", [:], ["x"], [[:]], [["issuer": "https://a.example"]], [["issuer": "", "subject": "1"]],
        [["issuer": "https://a.example", "subject": 1]], [["issuer": "https://a.example", "subject": "1", "more": 1]],
        [["issuer": "https://a.example", "subject": "1"], ["issuer": "https://a.example", "subject": "1"]],
        .array((0..<21).map { ["issuer": "https://a.example", "subject": .string("\($0)")] }),
        [["issuer": "https://a.example", "subject": .string(String(repeating: "s", count: 513))]],
    ]

    @Test("a list that is wrong in any way is an error", arguments: wrong.indices)
    func refuses(_ place: Int) async throws {
        let server = try await TestServer()
        let refusal = await #expect(throws: DocumentRefusal.self) {
            _ = try await server.stored.create(["id": "ann", "identities": Self.wrong[place]])
        }
        #expect(refusal?.kind == .invalid)
    }

    @Test("two declared users with one identity are an error, and so is one that the store has")
    func conflicts() async throws {
        let (ann, bob) = (Self.user("ann", Self.identity("1")), Self.user("bob", Self.identity("1")))
        await #expect(throws: ConfigurationError.self) { _ = try await TestServer(users: [ann, bob]) }
        let server = try await TestServer()
        _ = try await server.stored.create(ann)
        let settings = ServerSettings(
            issuer: server.core.issuer, defaultTokenFormat: "opaque", languages: [], clients: [], users: [bob])
        let problems = try await Identifiers.conflicts(with: settings, in: server.core.store, SystemCryptography())
        #expect(problems.contains { $0.message.contains("already is an identity of a user") })
    }
}
