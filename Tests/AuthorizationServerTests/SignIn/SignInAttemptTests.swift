// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("Password guessing is throttled", .clause("RFC 6749 section 10.10"), .timeLimit(.minutes(10)))
struct SignInAttemptTests {
    enum Seen: Equatable {
        case verified
        case refused
        case later(Int64)
        /// No place for hashing was free.
        case busy
    }

    private func attempt(
        _ server: TestServer, _ login: String = "ann", _ password: String = "wrong", from address: String = "192.0.2.7"
    ) async throws -> Seen {
        do {
            switch try await server.core.users.verify(login: login, password: Secret(password), from: address) {
            case .verified: return .verified
            case .later(let wait): return .later(wait.components.seconds)
            default: return .refused
            }
        } catch let error as OAuthError where error.code == .temporarilyUnavailable {
            return .busy
        }
    }

    private func server() async throws -> TestServer {
        try await TestServer(users: [People.ann])
    }

    @Test(
        "after five attempts the next ones must wait, longer each time, but at most five minutes",
        arguments: ["ann", "nobody"])
    func growing(_ login: String) async throws {
        let server = try await server()
        for number in 1...5 { #expect(try await attempt(server, login) == .refused, "\(number)") }
        var waits: [Int64] = []
        // Within the hour in which attempts are counted.
        for _ in 0..<36 {
            switch try await attempt(server, login) {
            case .later(let wait):
                waits.append(wait)
                server.clock.advance(.seconds(wait))
            default: break
            }
        }
        #expect(waits.allSatisfy { 1...300 ~= $0 })
        #expect(waits.suffix(3).allSatisfy { $0 > 64 }, "\(waits)")
    }

    @Test("an existing account is throttled exactly like one that does not exist")
    func alike() async throws {
        var seen: [[Seen]] = []
        for login in ["ann", "nobody"] {
            let server = try await server()
            var all: [Seen] = []
            for _ in 0..<30 {
                all.append(try await attempt(server, login))
                server.clock.advance(.seconds(1))
            }
            seen.append(all)
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0].contains { $0 != .refused })
    }

    @Test("throttled attempts are not hashed")
    func noHash() async throws {
        let server = try await server()
        for _ in 0..<200 { _ = try await attempt(server) }
        #expect(server.passwords.slowHashes == 5)
    }

    @Test("of 64 simultaneous attempts, the free ones are hashed, plus at most one for each address")
    func race() async throws {
        let server = try await server()
        let hashed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask { try await attempt(server, from: "192.0.2.\(number % 4)") == .refused }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(hashed == server.passwords.slowHashes)
        #expect((5...9).contains(hashed), "five, and one for each of four addresses: \(hashed)")
    }

    /// Two servers on one store.
    private func nodes() async throws -> [TestServer] {
        let (one, two) = (try await server(), try await server())
        two.core.open(
            store: CheckedStore(one.core.store, of: "memory-store"), keys: one.keys, publicJWKS: one.keys.publicJWKS)
        return [one, two]
    }

    /// The number of hashes for a hundred simultaneous attempts.
    private func burst(
        _ nodes: [TestServer], _ login: String, from address: String, seeing seen: Seen = .refused
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask { try await attempt(nodes[number % nodes.count], login, from: address) == seen }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
    }

    @Test(
        "of a hundred concurrent attempts from one address five pass, then one after each wait", arguments: [1, 2],
        ["ann", "nobody"])
    func bursts(_ count: Int, _ login: String) async throws {
        let nodes = Array(try await nodes().prefix(count))
        let first = try await burst(nodes, login, from: "192.0.2.7")
        #expect((5...6).contains(first), "five, and the one that each address has: \(first)")
        // From 32 seconds on, the wait of the address is the shorter one; the address has had a hundred attempts too.
        for round in 0..<5 {
            guard case .later(let wait) = try await attempt(nodes[0], login) else { return #expect(Bool(false)) }
            #expect(wait == 1 << round)
            for node in nodes { node.clock.advance(.seconds(wait - 1)) }
            if wait > 1 { #expect(try await burst(nodes, login, from: "192.0.2.7") == 0) }
            for node in nodes { node.clock.advance(.seconds(1)) }
            #expect(try await burst(nodes, login, from: "192.0.2.7") == 1)
        }
        let owner = try await attempt(nodes[count - 1], "ann", "correct horse", from: "198.51.100.1")
        #expect(owner == .verified, "the owner at a new address")
    }

    @Test("a burst with the right password from a known address neither fails nor locks anyone out", arguments: [1, 2])
    func knownBurst(_ count: Int) async throws {
        let nodes = Array(try await nodes().prefix(count))
        #expect(try await attempt(nodes[0], "ann", "correct horse", from: "198.51.100.1") == .verified)
        let hashed = try await burst(nodes, "ann", from: "198.51.100.1")
        #expect(hashed == 5)
        #expect(try await attempt(nodes[0], "ann", "correct horse", from: "198.51.100.2") == .verified)
        for node in nodes { node.clock.advance(.seconds(1)) }
        #expect(try await attempt(nodes[0], "ann", "correct horse", from: "198.51.100.1") == .verified)
    }

    @Test(
        "attempts for which no slot for hashing is free do not count, even a hundred at once", arguments: [1, 2],
        [false, true])
    func busy(_ count: Int, _ isKnown: Bool) async throws {
        let nodes = Array(try await nodes().prefix(count))
        let address = "198.51.100.1"
        func fill(_ isFull: Bool) { for node in nodes { node.passwords.fill(isFull) } }
        if isKnown { #expect(try await attempt(nodes[0], "ann", "correct horse", from: address) == .verified) }
        fill(true)
        #expect(try await burst(nodes, "ann", from: address, seeing: .busy) == 100)
        fill(false)
        for number in 1...5 {
            #expect(try await attempt(nodes[number % count], from: address) == .refused, "\(number)")
        }
        for round in 0..<4 {
            fill(true)
            #expect(try await attempt(nodes[0], from: address) == .later(1 << round), "takes no slot either")
            for node in nodes { node.clock.advance(.seconds(1 << round)) }
            #expect(try await burst(nodes, "ann", from: address, seeing: .busy) == 100)
            fill(false)
            #expect(try await burst(nodes, "ann", from: address) == 1)
        }
    }

    @Test(
        "if slots for hashing are scarce, no more attempts are hashed than otherwise", arguments: [1, 2],
        ["ann", "nobody"])
    func scarce(_ count: Int, _ login: String) async throws {
        let nodes = Array(try await nodes().prefix(count))
        for node in nodes { node.passwords.fill(true, leaving: 1) }
        var hashed = 0
        for _ in 0..<20 { hashed += try await burst(nodes, login, from: "192.0.2.7") }
        #expect((5...6).contains(hashed), "five, and the one that each address has: \(hashed)")
        for node in nodes { node.clock.advance(.seconds(1)) }
        for _ in 0..<5 { hashed += try await burst(nodes, login, from: "192.0.2.7") }
        #expect((6...7).contains(hashed), "one more after the wait: \(hashed)")
        #expect(nodes.reduce(0) { $0 + $1.passwords.slowHashes } == hashed)
        #expect(nodes.allSatisfy { $0.passwords.taken == 0 })
    }

    @Test("after the free attempts each wait is longer than the previous one, up to five minutes")
    func waits() async throws {
        let server = try await server()
        for _ in 0..<5 { _ = try await attempt(server) }
        var waits: [Int64] = []
        for _ in 0..<12 {
            guard case .later(let wait) = try await attempt(server) else { return #expect(Bool(false)) }
            waits.append(wait)
            server.clock.advance(.seconds(wait))
            #expect(try await attempt(server) == .refused)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
    }

    @Test("nobody is locked out: the password works as soon as the wait is over")
    func noLockOut() async throws {
        let server = try await server()
        for _ in 0..<50 { _ = try await attempt(server) }
        guard case .later(let wait) = try await attempt(server, "ann", "correct horse") else {
            return #expect(Bool(false))
        }
        server.clock.advance(.seconds(wait))
        #expect(try await attempt(server, "ann", "correct horse") == .verified)
    }

    @Test("nobody is locked out while others keep guessing: from a new address the owner signs in at once")
    func attackGoesOn() async throws {
        let server = try await server()
        for second in 0..<1500 {
            // First in each second, from many addresses, even at the moment when an announced wait is over.
            for number in 0..<3 { _ = try await attempt(server, from: "192.0.2.\((second * 3 + number) % 200)") }
            if second % 97 == 96 {
                let address = "198.51.100.\(second / 97)"
                #expect(try await attempt(server, "ann", "correct horse", from: address) == .verified, "\(second)")
            }
            server.clock.advance(.seconds(1))
        }
    }

    @Test("an owner who mistypes at a new address while others keep guessing waits at most five minutes")
    func mistyped() async throws {
        let server = try await server()
        func others() async throws {
            for number in 0..<20 { _ = try await attempt(server, from: "192.0.2.\(number)") }
        }
        for _ in 0..<5 { try await others() }
        #expect(try await attempt(server, from: "198.51.100.1") == .refused)
        var waited: Int64 = 0
        while case .later(let wait) = try await attempt(server, "ann", "correct horse", from: "198.51.100.1") {
            waited += wait
            guard 1...300 ~= wait, waited <= 300 else { return #expect(Bool(false), "\(wait), \(waited) in all") }
            server.clock.advance(.seconds(wait))
            try await others()
        }
        #expect(waited > 0, "an address has one place in a span")
    }

    @Test("a user who has signed in from an address before is not throttled there by guesses from elsewhere")
    func owner() async throws {
        let server = try await server()
        #expect(try await attempt(server, "ann", "correct horse", from: "198.51.100.1") == .verified)
        for number in 0..<100 { _ = try await attempt(server, from: "192.0.2.\(number)") }
        _ = try await attempt(server, from: "192.0.2.200")
        #expect(try await attempt(server, from: "192.0.2.200") != .refused)
        #expect(try await attempt(server, "ann", "correct horse", from: "198.51.100.1") == .verified)
        #expect(try await attempt(server, "annie", "correct horse", from: "198.51.100.1") != .refused)
    }

    @Test("an address from which a user has signed in gets no more guesses than another")
    func sameAddress() async throws {
        let server = try await server()
        #expect(try await attempt(server, "ann", "correct horse") == .verified)
        for _ in 0..<100 { _ = try await attempt(server) }
        #expect(server.passwords.slowHashes == 6)
    }

    @Test("at an address of many users, guessing at all of them is throttled, but nobody's first attempt")
    func sharedAddress() async throws {
        let people = (0..<320).map { number -> JSON in ["id": "u\(number)", "password": "correct horse"] }
        let server = try await TestServer(users: people)
        for number in 0..<320 {
            #expect(try await attempt(server, "u\(number)", "correct horse") == .verified)
            if number % 80 == 79 { server.clock.advance(.seconds(3601)) }
        }
        var guessed = 0
        for number in 0..<319 {
            for _ in 0..<10 { guessed += try await attempt(server, "u\(number)") == .refused ? 1 : 0 }
        }
        #expect(guessed == 1319, "a thousand, and the first of each account")
        #expect(try await attempt(server, "u319", "correct horse") == .verified)
    }

    @Test("signing in repeatedly is not throttled")
    func often() async throws {
        let server = try await server()
        for number in 0..<40 { #expect(try await attempt(server, "ann", "correct horse") == .verified, "\(number)") }
    }

    @Test("an address that tries many accounts is throttled, and others are not")
    func spraying() async throws {
        let server = try await server()
        var seen: [Seen] = []
        for number in 0..<130 { seen.append(try await attempt(server, "user\(number)", from: "192.0.2.66")) }
        #expect(seen.prefix(100).allSatisfy { $0 == .refused })
        #expect(seen.suffix(20).allSatisfy { $0 != .refused })
        #expect(try await attempt(server, "ann", "correct horse", from: "192.0.2.67") == .verified)
    }

    @Test("an IPv6 network counts as one address")
    func network() async throws {
        let server = try await server()
        for number in 0..<110 { _ = try await attempt(server, "user\(number)", from: "2001:db8:1:2::\(number)") }
        #expect(try await attempt(server, "other", from: "2001:db8:1:2:ffff::1") != .refused)
        #expect(try await attempt(server, "other", from: "2001:db8:1:3::1") == .refused)
    }

    @Test(
        "guessing at one name continuously gets 30 guesses an hour, plus 13 for each address",
        arguments: [1, 20])
    func rate(_ addresses: Int) async throws {
        let server = try await server()
        for second in 0..<7200 {
            _ = try await attempt(server, from: "198.51.100.\(second % addresses)")
            server.clock.advance(.seconds(1))
        }
        let guesses = server.passwords.slowHashes
        #expect((20...60 + 26 * addresses).contains(guesses), "\(guesses)")
    }

    @Test("after an hour without attempts, everything is as before")
    func forgotten() async throws {
        let server = try await server()
        for _ in 0..<50 { _ = try await attempt(server) }
        server.clock.advance(.seconds(3601))
        for _ in 0..<5 { #expect(try await attempt(server) == .refused) }
    }
}
