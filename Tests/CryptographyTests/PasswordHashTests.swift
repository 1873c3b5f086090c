// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Glibc
import GrantKit
import Support
import Testing

@Suite("Slow hashes of passwords", .timeLimit(.minutes(10)))
struct PasswordHashTests {
    /// A hash computed by other software.
    struct Known: Sendable, CustomTestStringConvertible {
        let form: String
        let text: String
        let password: String
        var isCurrent = false
        var testDescription: String { form }
    }

    static let known: [Known] = [
        .init(
            form: "Argon2id, 64 MiB, two passes",
            text: "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            password: "password", isCurrent: true),
        .init(
            form: "Argon2id, 256 KiB, two lanes",
            text: "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
            password: "password"),
        .init(
            form: "scrypt as Aidbox writes it",
            text: "$s0$f0801$AAECAwQFBgcICQoLDA0ODw==$XGYmKKxOsQaKKH4qoqICriSOmNsE1h0zJ+c0LbbscJc=",
            password: "correct horse"),
        .init(
            form: "bcrypt 2a", text: "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", password: "U*U"),
        .init(
            form: "bcrypt 2b", text: "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
            password: "correct horse"),
        .init(
            form: "bcrypt 2y", text: "$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
            password: "correct horse"),
        .init(
            form: "PBKDF2 with SHA-1 (RFC 6070)",
            text: "$pbkdf2$4096$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$PS7sT.QchJuAyNg2YsDkSospGpZM8vBwOA",
            password: "passwordPASSWORDpassword"),
        .init(
            form: "PBKDF2 with SHA-256, rounds without a name",
            text: "$pbkdf2-sha256$29000$AAECAwQFBgcICQoLDA0ODw$ZvLORN3Wu1.2s6Mb0kBKZ43bylSsC/t0Vz5rE9nJPNg",
            password: "correct horse"),
        .init(
            form: "PBKDF2 with SHA-256, rounds with a name",
            text: "$pbkdf2-sha256$i=29000,l=32$AAECAwQFBgcICQoLDA0ODw$ZvLORN3Wu1+2s6Mb0kBKZ43bylSsC/t0Vz5rE9nJPNg",
            password: "correct horse"),
        .init(
            form: "PBKDF2 with SHA-512",
            text: "$pbkdf2-sha512$i=29000$AAECAwQFBgcICQoLDA0ODw"
                + "$tFBJNmdbabFGdromEJjlq9IxWTvZKHmNCNy+6dUMQxyC21DEUTa22+V4oO3hrJTLDPvVLwOoc0kjHP80n56kag",
            password: "correct horse"),
    ]

    @Test("an imported hash verifies its password and no other", arguments: known)
    func verifies(_ known: Known) throws {
        let hash = try #require(PasswordHash(known.text))
        #expect(hash.matches(Secret(known.password)))
        #expect(!hash.matches(Secret(known.password + "x")))
        #expect(!hash.matches(Secret("")))
        #expect(hash.isCurrent == known.isCurrent, "what costs more is kept")
        #expect(PasswordHash.isMeant(by: known.text))
    }

    @Test("a new hash is Argon2id with 19 MiB, two passes, one lane and its own salt", .clause("RFC 9106"))
    func new() throws {
        let text = try Argon2Hash(hashing: Secret("correct horse")).text
        #expect(text.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        let hash = try #require(PasswordHash(text))
        #expect(hash.isCurrent && hash.matches(Secret("correct horse")) && !hash.matches(Secret("correct horsf")))
        #expect(try Argon2Hash(hashing: Secret("correct horse")).text != text)
        guard case .argon2id(let read) = hash else { return #expect(Bool(false)) }
        #expect(read.text == text)
    }

    @Test("derivation is deterministic and depends on the salt")
    func derived() throws {
        let salt = Array("0123456789abcdef".utf8)
        let first = try Argon2Hash.derive(Secret("a"), salt: salt)
        #expect(try Argon2Hash.derive(Secret("a"), salt: salt) == first)
        #expect(try Argon2Hash.derive(Secret("b"), salt: salt) != first)
        #expect(try Argon2Hash.derive(Secret("a"), salt: salt.reversed()) != first)
        #expect(throws: CryptographyError.self) { try Argon2Hash.derive(Secret("a"), salt: [1]) }
    }

    @Test("bcrypt refuses a password with a NUL byte, since it would read only the part before it")
    func nul() throws {
        let hash = try #require(PasswordHash("$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"))
        #expect(!hash.matches(Secret("correct horse\u{0}and more")))
    }

    private static let salt = "c29tZXNhbHQ"
    private static let hash = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

    /// Strings that are too costly or malformed; each breaks one rule.
    static let hostile: [(rule: String, text: String)] = [
        ("Argon2id of more than 256 MiB", "$argon2id$v=19$m=262145,t=1,p=1$\(salt)$\(hash)"),
        ("Argon2id of more than 1 GiB in all passes", "$argon2id$v=19$m=262144,t=5,p=1$\(salt)$\(hash)"),
        ("Argon2id of more than 16 passes", "$argon2id$v=19$m=64,t=17,p=1$\(salt)$\(hash)"),
        ("Argon2id of more than 16 lanes", "$argon2id$v=19$m=1024,t=1,p=17$\(salt)$\(hash)"),
        ("Argon2id without passes", "$argon2id$v=19$m=64,t=0,p=1$\(salt)$\(hash)"),
        ("Argon2id without lanes", "$argon2id$v=19$m=64,t=1,p=0$\(salt)$\(hash)"),
        ("Argon2id with less memory than lanes need", "$argon2id$v=19$m=15,t=1,p=2$\(salt)$\(hash)"),
        ("Argon2id of another version", "$argon2id$v=18$m=64,t=1,p=1$\(salt)$\(hash)"),
        ("Argon2id with a number beyond 64 bits", "$argon2id$v=19$m=99999999999999999999,t=1,p=1$\(salt)$\(hash)"),
        ("Argon2id with a negative number", "$argon2id$v=19$m=-64,t=1,p=1$\(salt)$\(hash)"),
        ("Argon2id with a number in a longer form", "$argon2id$v=19$m=064,t=1,p=1$\(salt)$\(hash)"),
        ("Argon2id with a repeated parameter", "$argon2id$v=19$m=64,t=1,t=1,p=1$\(salt)$\(hash)"),
        ("Argon2id with a parameter that nobody knows", "$argon2id$v=19$m=64,t=1,p=1,data=1$\(salt)$\(hash)"),
        ("Argon2id without a parameter", "$argon2id$v=19$m=64,t=1$\(salt)$\(hash)"),
        ("Argon2id with a short salt", "$argon2id$v=19$m=64,t=1,p=1$c29tZXM$\(hash)"),
        ("Argon2id with a short hash", "$argon2id$v=19$m=64,t=1,p=1$\(salt)$c29tZXNhbHQ"),
        ("Argon2id without a hash", "$argon2id$v=19$m=64,t=1,p=1$\(salt)"),
        ("Argon2id with padding", "$argon2id$v=19$m=64,t=1,p=1$\(salt)=$\(hash)"),
        ("Argon2id in base64url", "$argon2id$v=19$m=64,t=1,p=1$\(salt)$-_FhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
        ("Argon2id with something behind it", "$argon2id$v=19$m=64,t=1,p=1$\(salt)$\(hash)$x"),
        ("Argon2i", "$argon2i$v=19$m=64,t=1,p=1$\(salt)$\(hash)"),
        ("scrypt of more than 256 MiB", "$s0$140801$AAECAwQFBgcICQoLDA0ODw==$\(hash)="),
        ("scrypt of more than 1 GiB in all lanes", "$s0$120810$AAECAwQFBgcICQoLDA0ODw==$\(hash)="),
        ("bcrypt of a cost above 15", "$2b$31$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"),
        ("bcrypt of a cost below 4", "$2b$03$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"),
        ("bcrypt as it was before its first fix", "$2x$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"),
        ("bcrypt that is cut off", "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy"),
        ("PBKDF2 of more than two million rounds", "$pbkdf2-sha256$2000001$\(salt)$\(hash)"),
        ("PBKDF2 without rounds", "$pbkdf2-sha256$0$\(salt)$\(hash)"),
        ("PBKDF2 of another length than it says", "$pbkdf2-sha256$i=1000,l=31$\(salt)$\(hash)"),
        ("PBKDF2 with a digest that nobody knows", "$pbkdf2-md5$1000$\(salt)$\(hash)"),
        ("PBKDF2 with a short salt", "$pbkdf2-sha256$1000$c2FsdA$\(hash)"),
        ("Unix crypt with MD5", "$1$abcdefgh$G8WvQ4YL9wsCRwpVvQbGQ0"),
        ("Unix crypt with SHA-512", "$6$abcdefgh$G8WvQ4YL9wsCRwpVvQbGQ0"),
        ("a string longer than any hash", "$argon2id$v=19$m=64,t=1,p=1$\(salt)$" + String(repeating: "A", count: 600)),
    ]

    /// The processor time of this thread.
    private func computed() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    @Test("a malformed or too expensive hash is accepted neither as a hash nor as a password", arguments: hostile)
    func refuses(_ rule: String, _ text: String) {
        // Processor time, since elapsed time depends on what else the machine does.
        let start = computed()
        #expect(PasswordHash(text) == nil, "\(rule)")
        #expect(computed() - start < .milliseconds(500), "\(rule)")
        #expect(PasswordHash.isMeant(by: text), "\(rule)")
    }

    @Test(
        "a password that a user chose is not taken for a hash",
        arguments: ["", "$", "$$$$", "$money$", "$2", "correct horse", "$argon", "pbkdf2-sha256$1$a$b", "$20 bill"])
    func plain(_ text: String) {
        #expect(PasswordHash(text) == nil)
        #expect(!PasswordHash.isMeant(by: text))
    }

    @Test("the server's own hashes find a place when no address does")
    func ownPlaces() async throws {
        let pool = HashingPool(threads: 1)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 { group.addTask { try await pool.run(from: nil) { number } } }
            let sum = try await group.reduce(0, +)
            #expect(sum == 4950)
        }
        #expect(pool.waiting == 0)
    }
}
