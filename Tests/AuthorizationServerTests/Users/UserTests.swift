// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

/// The fixtures that tests of users share.
enum People {
    static let ann: JSON = [
        "id": "ann", "userName": "annie", "email": "Ann@Example.com", "password": "correct horse",
        "data": ["given_name": "Ann"],
    ]
    static let scrypt = "$s0$a0801$AAECAwQFBgcICQoLDA0ODw==$nfkj3u1fRTHCea+fVr03sWV770kp5wLOLoEakziKhqE="
    static let bcrypt = "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"
}

extension TestServer {
    var stored: StoredUsers {
        get throws {
            StoredUsers(
                store: core.store, generation: try #require(core.generation), cryptography: SystemCryptography(),
                secrets: TestServer.secrets, passwords: passwords, random: clock.random)
        }
    }

    func add(_ user: JSON) async throws {
        _ = try await stored.create(user)
    }

    /// Tries to sign in; nil if the password is refused.
    func signIn(_ login: String, _ password: String, from address: String = "192.0.2.7") async throws -> User? {
        switch try await core.users.verify(login: login, password: Secret(password), from: address) {
        case .verified(let user): user
        default: nil
        }
    }
}

@Suite("Users", .timeLimit(.minutes(10)))
struct UserTests {
    /// The places of a user: once declared, once stored.
    static let places = ["the configuration", "the store"]

    static func server(_ place: String, _ users: [JSON] = [People.ann]) async throws -> TestServer {
        let server = try await TestServer(users: place == "the store" ? [] : users)
        if place == "the store" { for user in users { try await server.add(user) } }
        return server
    }

    @Test("a user signs in with id, user name or e-mail address, in any case", arguments: places)
    func logins(_ place: String) async throws {
        let server = try await UserTests.server(place)
        for login in ["ann", "ANN", "annie", "Annie", "ann@example.com", "ANN@EXAMPLE.COM"] {
            let user = try await server.signIn(login, "correct horse", from: "192.0.2.1")
            #expect(user?.id == "ann" && user?.isActive == true, "\(login)")
        }
        let user = try #require(try await server.core.users.find("ann"))
        #expect(user.document["email"] == "Ann@Example.com" && user.document["data"]?["given_name"] == "Ann")
        #expect(user.document["password"] == nil)
        #expect(try await server.core.users.find("ANN") == nil, "an identifier has one case")
        #expect(try await server.core.users.find("annie") == nil)
    }

    @Test(
        "names are equal where RFC 8265 says so and nowhere else; ids are compared by their bytes",
        arguments: places)
    func otherBytes(_ place: String) async throws {
        let server = try await UserTests.server(
            place, [["id": "kim", "userName": "z\u{FC}rich", "password": "correct horse"]])
        for name in ["Z\u{DC}RICH", "Z\u{FC}rich", "zu\u{308}rich", "\u{212A}im"] {
            #expect(try await server.signIn(name, "correct horse")?.id == "kim", "\(name)")
        }
        for name in ["zurich", "zuerich", "z\u{FC}rich\u{301}", "k\u{131}m", "\u{43A}im"] {
            #expect(try await server.signIn(name, "correct horse") == nil, "\(name)")
        }
        #expect(try await server.core.users.find("\u{212A}im") == nil)
    }

    /// Attempts that must be indistinguishable.
    static let refused: [(what: String, login: String, password: String)] = [
        ("an account that does not exist", "nobody", "correct horse"), ("a wrong password", "ann", "wrong horse"),
        ("no password", "ann", ""), ("the digest for the password", "ann", People.bcrypt),
        ("an inactive account with another", "ina", "wrong horse"), ("an account without a password", "non", ""),
        ("an account without a password, with one", "non", "correct horse"),
    ]

    @Test("all refusals look the same: each takes one slow hash and gives no reason", arguments: refused, places)
    func noOracle(_ attempt: (what: String, login: String, password: String), _ place: String) async throws {
        let server = try await UserTests.server(
            place, [People.ann, ["id": "ina", "password": "correct horse", "inactive": true], ["id": "non"]])
        for _ in 0..<3 {
            let before = server.passwords.slowHashes
            let outcome = try await server.core.users.verify(
                login: attempt.login, password: Secret(attempt.password), from: "192.0.2.7")
            guard case .refused = outcome else { return #expect(Bool(false), "\(attempt.what): \(outcome)") }
            #expect(server.passwords.slowHashes - before == 1, "\(attempt.what)")
            #expect(server.passwords.oldHashes == 0)
        }
        for line in server.log.lines { #expect(!line.contains("correct horse") && !line.contains("$argon2id")) }
    }

    @Test("only someone with the password of an inactive account learns that it is inactive", arguments: places)
    func inactive(_ place: String) async throws {
        let server = try await UserTests.server(
            place, [["id": "ina", "password": "correct horse", "inactive": true]])
        let before = server.passwords.slowHashes
        let outcome = try await server.core.users.verify(
            login: "ina", password: Secret("correct horse"), from: "192.0.2.7")
        guard case .inactive = outcome else { return #expect(Bool(false), "\(outcome)") }
        #expect(server.passwords.slowHashes - before == 1)
    }

    @Test("a right password costs one slow hash too, even the first time", arguments: places)
    func oneHash(_ place: String) async throws {
        let server = try await UserTests.server(place)
        for _ in 0..<3 {
            let before = server.passwords.slowHashes
            #expect(try await server.signIn("ann", "correct horse") != nil)
            #expect(server.passwords.slowHashes - before == 1)
        }
    }

    @Test("a configuration with many users is read without a slow hash")
    func lazy() async throws {
        let users = (0..<2000).map { number -> JSON in ["id": "u\(number)", "password": "password \(number)"] }
        let server = try await TestServer(users: users)
        #expect(server.passwords.slowHashes == 0)
        #expect(try await server.signIn("u1999", "password 1999")?.id == "u1999")
        #expect(server.passwords.slowHashes == 1)
    }

    @Test(
        "an imported hash is replaced when its owner signs in", arguments: [People.scrypt, People.bcrypt])
    func upgrade(_ hash: String) async throws {
        let server = try await UserTests.server("the store", [["id": "old", "password": .string(hash)]])
        #expect(try await server.signIn("old", "wrong horse") == nil)
        #expect((server.passwords.oldHashes, server.passwords.slowHashes) == (1, 0))
        let epoch = try await server.core.users.find("old")?.epoch
        #expect(try await server.signIn("old", "correct horse")?.epoch == epoch)
        #expect((server.passwords.oldHashes, server.passwords.slowHashes) == (2, 1))
        let kept = try await server.core.store.read(StoreKey("user", "old"))?.value["password"]?.string
        #expect(kept?.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$") == true)
        #expect(try await server.signIn("old", "correct horse")?.epoch == epoch)
        #expect(server.passwords.oldHashes == 2)
    }

    @Test("a declared hash verifies and stays unchanged")
    func declaredHash() async throws {
        let server = try await TestServer(users: [["id": "old", "password": .string(People.bcrypt)]])
        #expect(try await server.signIn("old", "correct horse") != nil)
        #expect(try await server.signIn("old", "wrong horse") == nil)
        #expect((server.passwords.oldHashes, server.passwords.slowHashes) == (2, 0))
    }

    @Test("a password of more than 512 bytes is refused", arguments: places)
    func long(_ place: String) async throws {
        let most = String(repeating: "x", count: 512)
        let server = try await UserTests.server(place, [["id": "ann", "password": .string(most)]])
        #expect(try await server.signIn("ann", most) != nil)
        #expect(try await server.signIn("ann", most + "x") == nil)
        #expect(server.passwords.slowHashes == (place == "the store" ? 2 : 1))
    }

    @Test("if all places for hashing are taken, the client is told to try again")
    func full() async throws {
        let server = try await UserTests.server("the configuration")
        server.passwords.fill(true)
        for login in ["ann", "nobody"] {
            await #expect(throws: OAuthError.self) { try await server.signIn(login, "correct horse") }
        }
    }

    @Test("a failing store verifies nobody", arguments: places)
    func failing(_ place: String) async throws {
        let (server, store) = try await TestServer.counting()
        try await server.add(People.ann)
        store.fail(true)
        await #expect(throws: StoreError.self) { try await server.signIn("ann", "correct horse") }
        await #expect(throws: StoreError.self) { try await server.core.users.find("ann") }
    }

    // MARK: names

    @Test("of 64 concurrent users with one name, one is created")
    func race() async throws {
        let server = try await TestServer()
        let stored = try server.stored
        let made = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let user: JSON = [
                        "id": "user\(number)", "email": number % 2 == 0 ? "ann@example.com" : "ANN@example.com",
                    ]
                    return (try? await stored.create(user)) != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 1)
        #expect(try await stored.page(after: nil, limit: 100).count == 1)
    }

    /// Users that must not be created next to a stored and a declared one, and what the message names.
    static let taken: [(rule: String, user: JSON, names: String)] = [
        ("the id of a stored user", ["id": "ann"], "ann"), ("that id in another case", ["id": "Ann"], "another id"),
        ("the address of one", ["id": "x", "email": "ann@EXAMPLE.com"], "another email"),
        ("the user name of one", ["id": "x", "userName": "ANNIE"], "another userName"),
        ("the id of one as user name", ["id": "x", "userName": "ann"], "another userName"),
        ("the user name of one as id", ["id": "annie"], "another id"),
        ("the id of a declared user", ["id": "bob"], "the configuration declares the user 'bob'"),
        ("the address of a declared user", ["id": "x", "email": "BOB@example.com"], "another email"),
        ("the id of a client", ["id": "service"], "RFC 9700"),
        ("an id with a space", ["id": "a b"], "1 to 255"),
        ("an id that addresses drop", ["id": ".."], "RFC 3986"), ("a dot alone", ["id": "."], "RFC 3986"),
        ("an address that is none", ["id": "x", "email": "x"], "e-mail"),
        ("a password that looks like a hash", ["id": "x", "password": "$2b$31$x"], "slow hash"),
        ("an unknown member", ["id": "x", "passwort": "y"], "unknown key"),
    ]

    @Test("a user is refused with the reason", arguments: taken)
    func refuses(_ rule: String, _ user: JSON, _ names: String) async throws {
        let server = try await TestServer(
            users: [["id": "bob", "email": "bob@example.com", "password": "correct horse"]])
        try await server.add(People.ann)
        let problem = await #expect(throws: DocumentRefusal.self) { try await server.add(user) }
        #expect(problem?.description.contains(names) == true, "\(rule): \(problem?.description ?? "")")
        #expect(try await server.stored.page(after: nil, limit: 10).filter { !$0.isDeclared }.map(\.id) == ["ann"])
    }

    @Test("identifiers in both the store and the configuration are found at the start")
    func conflicts() async throws {
        let server = try await TestServer()
        try await server.add(People.ann)
        let settings = ServerSettings(
            issuer: server.core.issuer, clients: [["id": "ann"], ["id": "x"]],
            users: [["id": "eve"], ["id": "bob", "email": "ann@example.com"]])
        let problems = try await Identifiers.conflicts(
            with: settings, in: server.core.store, SystemCryptography())
        #expect(
            problems.map(\.path) == [
                [.key("clients"), .element(0), .key("id")], [.key("users"), .element(1), .key("email")],
            ])
    }

    @Test("users are listed page by page")
    func pages() async throws {
        let server = try await TestServer()
        for number in 0..<7 { try await server.add(["id": "u\(number)"]) }
        var found: [String] = []
        while true {
            let page = try await server.stored.page(after: found.last, limit: 3)
            found += page.map(\.id)
            if page.count < 3 { break }
        }
        #expect(found == (0..<7).map { "u\($0)" })
    }

    @Test("a declared user cannot be changed in the store")
    func declared() async throws {
        let server = try await UserTests.server("the configuration")
        let stored = try server.stored
        for problem in [
            await #expect(throws: DocumentRefusal.self) { try await stored.set(active: false, of: "ann") },
            await #expect(throws: DocumentRefusal.self) { try await stored.set(password: Secret("x"), of: "ann") },
        ] {
            #expect(problem?.description.contains("change it there") == true)
        }
        let unknown = await #expect(throws: DocumentRefusal.self) { try await stored.set(active: false, of: "eve") }
        #expect(unknown?.description.contains("no user 'eve'") == true)
    }
}
