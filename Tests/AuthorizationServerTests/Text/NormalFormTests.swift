// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("Passwords and names in any spelling", .clause("RFC 8265"), .timeLimit(.minutes(10)))
struct NormalFormTests {
    /// Spellings of a password: the normal form and others.
    static let passwords: [(normal: String, others: [String])] = [
        (
            "caf\u{E9}-\u{FC}ber 9",
            ["cafe\u{301}-u\u{308}ber 9", "caf\u{E9}-u\u{308}ber\u{A0}9", "cafe\u{301}-\u{FC}ber\u{3000}9"]
        ),
        ("\u{D55C}\u{AE00}", ["\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"]),
        ("\u{1EC7}x", ["e\u{323}\u{302}x", "e\u{302}\u{323}x", "\u{EA}\u{323}x"]),
        ("K\u{3A9};`", ["\u{212A}\u{2126}\u{37E}\u{1FEF}"]),
        ("q\u{323}\u{307}", ["q\u{307}\u{323}", "q\u{323}\u{307}"]),
        ("\u{915}\u{93C}", ["\u{958}"]),
        ("\u{1F469}\u{200D}\u{1F4BB} \u{2764}\u{FE0F}", ["\u{1F469}\u{200D}\u{1F4BB}\u{2003}\u{2764}\u{FE0F}"]),
    ]

    @Test(
        "a password is accepted in each of its Unicode spellings, whichever one it was set in", arguments: passwords,
        UserTests.places)
    func spellings(_ password: (normal: String, others: [String]), _ place: String) async throws {
        let all = [password.normal] + password.others
        for (number, set) in all.enumerated() {
            let server = try await UserTests.server(place, [["id": "ann", "password": .string(set)]])
            for typed in all {
                #expect(
                    try await server.signIn("ann", typed, from: "192.0.2.\(number)")?.id == "ann", "\(set) \(typed)")
            }
            for wrong in ["\(password.normal) ", " \(password.normal)", "x"] {
                #expect(try await server.signIn("ann", wrong) == nil)
            }
        }
    }

    @Test("upper case, full width and spaces at the ends make a different password", arguments: UserTests.places)
    func different(_ place: String) async throws {
        let server = try await UserTests.server(place, [["id": "ann", "password": "  two  caf\u{E9}s  "]])
        #expect(try await server.signIn("ann", "\u{A0} two \u{A0}cafe\u{301}s  ") != nil)
        for (number, wrong) in [
            "two  caf\u{E9}s", "  TWO  CAF\u{C9}S  ", "  two caf\u{E9}s  ", "  two  cafes  ",
            "  \u{FF54}wo  caf\u{E9}s  ",
        ]
        .enumerated() { #expect(try await server.signIn("ann", wrong, from: "192.0.2.\(number)") == nil, "\(wrong)") }
    }

    /// Strings that cannot be a new password.
    static let refused = ["", "a\u{0}b", "a\tb", "a\nb", "\u{7F}", "\u{85}", "a\u{2028}b", "\u{FFFF}x", "\u{378}x"]

    @Test("a string without a normal form cannot become a password, in any way", arguments: refused)
    func refuses(_ text: String) async throws {
        await #expect(throws: (any Error).self) {
            try await TestServer(users: [["id": "ann", "password": .string(text)]])
        }
        let server = try await TestServer()
        await #expect(throws: DocumentRefusal.self) { try await server.add(["id": "ann", "password": .string(text)]) }
        try await server.add(["id": "eve", "password": "correct horse"])
        await #expect(throws: DocumentRefusal.self) { try await server.stored.set(password: Secret(text), of: "eve") }
        await #expect(throws: DocumentRefusal.self) {
            _ = try await server.stored.create(["id": "bob", "password": .string(text)])
        }
        #expect(try await server.signIn("eve", text) == nil)
        #expect(OpaqueString.normal(text) == nil)
    }

    @Test(
        "an imported hash is tried with the password as typed, then in its normal form", arguments: UserTests.places
    )
    func elsewhere(_ place: String) async throws {
        let (composed, decomposed) = ("caf\u{E9} 9", "cafe\u{301} 9")
        for (hashed, works) in [(composed, [composed, decomposed]), (decomposed, [decomposed])] {
            for typed in works {
                let hash = try Argon2Hash(hashing: Secret(hashed)).text
                let server = try await UserTests.server(place, [["id": "ann", "password": .string(hash)]])
                #expect(try await server.signIn("ann", typed) != nil)
                guard place == "the store" else { continue }
                for next in [composed, decomposed] {
                    #expect(try await server.signIn("ann", next) != nil, "from then on")
                }
            }
        }
    }

    @Test(
        "a spelling that is not normalized costs two hashes and one attempt, whatever the account",
        arguments: UserTests.places)
    func cost(_ place: String) async throws {
        let server = try await UserTests.server(
            place,
            [
                ["id": "ann", "password": "caf\u{E9} 9"], ["id": "ina", "password": "caf\u{E9} 9", "inactive": true],
                ["id": "non"],
            ])
        for login in ["ann", "ina", "non", "nobody"] {
            for typed in ["cafe\u{301} 9", "cafe\u{301} 8"] {
                let before = server.passwords.slowHashes
                _ = try await server.core.users.verify(login: login, password: Secret(typed), from: "192.0.2.7")
                #expect(server.passwords.slowHashes - before == 2, "\(login)")
            }
        }
        for _ in 0..<5 { #expect(try await server.signIn("eve", "cafe\u{301}") == nil) }
        guard case .later = try await server.core.users.verify(login: "eve", password: Secret("x"), from: "192.0.2.7")
        else { return #expect(Bool(false), "five attempts were counted") }
    }

    @Test("hostile text of maximum length is handled quickly")
    func hostile() async throws {
        let server = try await TestServer(users: [People.ann])
        let marks = String(
            String.UnicodeScalarView((0..<255).map { Unicode.Scalar($0 % 2 == 0 ? 0x301 : 0x323) ?? " " }))
        let start = ContinuousClock.now
        for number in 0..<50 {
            for text in [
                "a" + marks, marks, String(repeating: "\u{1D160}", count: 128),
                String(repeating: "\u{FFFF}", count: 170),
            ] {
                #expect(try await server.signIn("n\(number)", text, from: "10.0.\(number).1") == nil)
                #expect(try await server.signIn(text, "x", from: "10.1.\(number).1") == nil)
            }
        }
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    // MARK: names

    /// Stored names, and what a user may type for them.
    static let names: [(kept: JSON, typed: [String])] = [
        (
            ["id": "ann", "email": "Ann.Lee@Example.com"],
            [
                "ann ", " ann", "ann\t", "\u{A0}ann\u{3000}", "\u{202A}ann.lee@example.com\u{202C}", "ann\u{200B}",
                "\u{FEFF}ann",
                "\u{FF21}\u{FF4E}\u{FF4E}", "ann.lee\u{FF20}example\u{FF0E}com", "ANN\r\n",
            ]
        ),
        (["id": "x", "userName": "J\u{F6}rg"], ["jo\u{308}rg", "J\u{D6}RG", "JO\u{308}RG ", "j\u{F6}rg"]),
        (["id": "x", "userName": "jo\u{308}rg"], ["j\u{F6}rg", "J\u{D6}RG"]),
        (["id": "x", "userName": "\u{30AC}\u{30AD}"], ["\u{FF76}\u{FF9E}\u{FF77}"]),
        (["id": "kim"], ["\u{212A}im", "KIM"]),
    ]

    @Test("a typed name finds its user as people expect", arguments: names, UserTests.places)
    func typedNames(_ name: (kept: JSON, typed: [String]), _ place: String) async throws {
        var user = name.kept
        user["password"] = "correct horse"
        let server = try await UserTests.server(place, [user])
        for (number, typed) in name.typed.enumerated() {
            #expect(try await server.signIn(typed, "correct horse", from: "192.0.2.\(number)") != nil, "\(typed)")
        }
        for (number, wrong) in ["", " ", "a nn", "k im", "\u{1F469}", "\u{200B}"].enumerated() {
            #expect(try await server.signIn(wrong, "correct horse", from: "198.51.100.\(number)") == nil, "\(wrong)")
        }
    }

    @Test("all spellings of a name count as one")
    func counted() async throws {
        let server = try await TestServer()
        for name in ["J\u{F6}rg", "jo\u{308}rg", " J\u{D6}RG", "j\u{F6}rg\t", "JO\u{308}RG"] {
            #expect(try await server.signIn(name, "x", from: "192.0.2.1") == nil)
        }
        guard
            case .later = try await server.core.users.verify(
                login: "j\u{F6}rg", password: Secret("x"), from: "192.0.2.1")
        else { return #expect(Bool(false)) }
    }

    @Test("of 64 concurrent users with spellings of one name, one is created")
    func race() async throws {
        let server = try await TestServer()
        let stored = try server.stored
        let spellings = ["J\u{F6}rg", "jo\u{308}rg", "J\u{D6}RG", "JO\u{308}RG", "\u{FF4A}\u{F6}rg"]
        let made = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let user: JSON = ["id": "user\(number)", "userName": .string(spellings[number % spellings.count])]
                    return (try? await stored.create(user)) != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 1)
    }

    @Test("declared users must not share a name in any spelling")
    func sharedDeclared() async throws {
        await #expect(throws: ConfigurationError.self) {
            try await TestServer(users: [
                ["id": "a", "userName": "j\u{F6}rg"], ["id": "b", "userName": "JO\u{308}RG"],
            ])
        }
        let server = try await TestServer(users: [["id": "a", "userName": "j\u{F6}rg", "password": "correct horse"]])
        await #expect(throws: DocumentRefusal.self) { try await server.add(["id": "b", "userName": "J\u{D6}RG"]) }
    }

    /// A server with a user as an earlier version stored it: with a claimed name in which only ASCII letters are in
    /// lower case.
    private func serverWithFormer() async throws -> TestServer {
        let server = try await TestServer()
        try await server.add(["id": "ann", "userName": "x", "password": "correct horse"])
        let store = server.core.store
        var record = try #require(try await store.read(StoreKey("user", "ann")))
        record.value["document"] = ["id": "ann", "userName": "Z\u{DC}RICH"]
        record.indexes["user_name"] = "z\u{DC}rich"
        let digest = SystemCryptography().digest
        let claim = StoreRecord(
            StoreKey("user_login", digest("z\u{DC}rich")), ["v": 1, "user": "ann"], expiresAt: record.expiresAt)
        let written = try await store.write([
            .replace(record, ifVersion: record.version), .create(claim), .delete(StoreKey("user_login", digest("x"))),
        ])
        #expect(written == .committed)
        return server
    }

    @Test("a name stored by an earlier version signs in as before, is found, and cannot be taken")
    func former() async throws {
        let server = try await serverWithFormer()
        #expect(try await server.signIn("Z\u{DC}RICH", "correct horse")?.id == "ann")
        await #expect(throws: DocumentRefusal.self) { try await server.add(["id": "eve", "userName": "z\u{DC}rich"]) }
        #expect(try await server.stored.search("userName", equals: "Z\u{DC}RICH").map(\.id) == ["ann"])
    }

    @Test("renaming or removing such a user frees the name, and nobody else's", arguments: ["rename", "remove"])
    func formerEnds(_ how: String) async throws {
        let server = try await serverWithFormer()
        let stored = try server.stored
        try await server.add(["id": "eve", "userName": "z\u{FC}rich", "password": "another horse"])
        if how == "rename" {
            _ = try await stored.replace("ann", with: ["userName": "basel", "password": "correct horse"], if: .any)
            #expect(try await server.signIn("basel", "correct horse")?.id == "ann")
        } else {
            _ = try await stored.delete("ann", if: .any)
        }
        #expect(try await server.signIn("Z\u{DC}RICH", "correct horse") == nil)
        #expect(try await server.signIn("Z\u{DC}RICH", "another horse")?.id == "eve")
    }
}
