// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("Guessing the secrets of plugins is slowed down", .timeLimit(.minutes(10)))
struct SecretAttemptTests {
    private let address = "192.0.2.7"

    private func attempts(_ server: TestServer, of plugin: String = "one") -> any AttemptService {
        LentHost(server.core, to: plugin).attempts
    }

    /// Makes wrong guesses.
    ///
    /// - Returns: How many of them may continue.
    private func guess(
        _ count: Int, _ service: any AttemptService, _ secret: String = "code", of account: String? = nil,
        from address: (Int) -> String
    ) async throws -> Int {
        var passed = 0
        for number in 0..<count {
            if case .allowed = try await service.count(secret, of: account, from: address(number)) { passed += 1 }
        }
        return passed
    }

    /// The seconds that a guess has to wait; nil if it may continue.
    private func wait(
        _ service: any AttemptService, of account: String? = nil, from address: String
    ) async throws -> Int64? {
        guard case .later(let wait) = try await service.count("code", of: account, from: address) else { return nil }
        return wait.components.seconds
    }

    @Test("a hundred guesses an hour are free for an address, then each has to wait longer, up to 30 seconds")
    func sameAddress() async throws {
        let server = try await TestServer()
        let service = attempts(server)
        #expect(try await guess(150, service) { _ in address } == 100)
        var waits: [Int64] = []
        for _ in 0..<7 {
            let wait = try #require(try await wait(service, from: address))
            waits.append(wait)
            server.clock.advance(.seconds(wait))
            #expect(try await guess(5, service) { _ in address } == 1, "one after each wait")
        }
        #expect(waits == [1, 2, 4, 8, 16, 30, 30])
        #expect(try await guess(1, service) { _ in "192.0.2.8" } == 1)
        server.clock.advance(.seconds(7200))
        #expect(try await guess(150, service) { _ in address } == 100)
    }

    @Test("all addresses of an IPv6 network count as one")
    func network() async throws {
        let service = attempts(try await TestServer())
        #expect(try await guess(150, service) { "2001:db8::\(String($0, radix: 16))" } == 100)
        #expect(try await guess(1, service) { _ in "2001:db8:0:1::1" } == 1)
    }

    @Test("a thousand guesses an hour are free for everyone together, then one every five seconds at most")
    func manyAddresses() async throws {
        let server = try await TestServer()
        let service = attempts(server)
        #expect(try await guess(1200, service) { "198.51.\($0 / 200).\($0 % 200)" } == 1000)
        #expect(try await wait(service, from: "203.0.113.1") == 1)
        // Addresses that are held back use up nothing of what others have.
        #expect(try await guess(200, service) { _ in "203.0.113.2" } == 0)
        var passed = 0
        for number in 0..<600 {
            server.clock.advance(.seconds(1))
            passed += try await guess(3, service) { "203.0.\(number % 200).\($0)" }
        }
        #expect((100...125).contains(passed), "\(passed)")
        #expect(try await guess(1, service, "other") { _ in "203.0.113.9" } == 1, "another kind of secret")
        server.clock.advance(.seconds(7200))
        #expect(try await guess(1, service) { _ in "203.0.113.1" } == 1)
    }

    @Test("no more than the free guesses pass around a full hour of the clock, or in any other hour")
    func fullHour() async throws {
        let server = try await TestServer()
        let service = attempts(server)
        server.clock.advance(.seconds(3590))
        #expect(try await guess(150, service) { _ in address } == 100)
        server.clock.advance(.seconds(20))
        #expect(try await guess(150, service) { _ in address } == 0)
        server.clock.advance(.seconds(3570))
        #expect(try await guess(3, service) { _ in address } <= 1, "less than an hour after the first ones")
        server.clock.advance(.seconds(20))
        #expect(try await guess(150, service) { _ in address } > 90)
    }

    @Test("a right guess is given back in the next hour too")
    func rightBefore() async throws {
        let server = try await TestServer()
        let service = attempts(server)
        server.clock.advance(.seconds(3590))
        #expect(try await succeed(90, service, from: address) == 90)
        server.clock.advance(.seconds(20))
        #expect(try await guess(150, service) { _ in address } == 100)
    }

    @Test("five guesses an hour are free for an account, from wherever they come")
    func account() async throws {
        let server = try await TestServer()
        let service = attempts(server)
        #expect(try await guess(20, service, of: "ann") { "192.0.2.\($0)" } == 5)
        #expect(try await guess(20, service, of: "bob") { "192.0.2.\($0)" } == 5)
        #expect(try await wait(service, of: "ann", from: "192.0.2.99") == 1)
        for _ in 0..<12 {
            let wait = try #require(try await wait(service, of: "ann", from: "192.0.2.99"))
            #expect(wait <= 300)
            server.clock.advance(.seconds(wait))
            #expect(try await guess(3, service, of: "ann") { _ in "192.0.2.99" } == 1)
        }
    }

    // MARK: right guesses

    /// Makes right guesses.
    ///
    /// - Returns: How many of them may continue.
    private func succeed(_ count: Int, _ service: any AttemptService, from address: String) async throws -> Int {
        var passed = 0
        for _ in 0..<count {
            guard case .allowed(let attempt) = try await service.count("code", of: nil, from: address) else { continue }
            try await service.succeeded(attempt)
            passed += 1
        }
        return passed
    }

    @Test("right guesses hold nobody back, however many come from one address")
    func right() async throws {
        let service = attempts(try await TestServer())
        #expect(try await succeed(1500, service, from: address) == 1500)
        #expect(try await guess(150, service) { _ in address } == 100, "and wrong ones still count")
    }

    @Test("right guesses between wrong ones let no more wrong ones pass")
    func mixed() async throws {
        let service = attempts(try await TestServer())
        var wrong = 0
        for _ in 0..<300 {
            wrong += try await guess(1, service) { _ in address }
            _ = try await succeed(1, service, from: address)
        }
        #expect(wrong == 100)
    }

    @Test("nor do they if all come at once")
    func race() async throws {
        let service = attempts(try await TestServer())
        let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<600 {
                group.addTask {
                    guard case .allowed(let attempt) = try await service.count("code", of: nil, from: address) else {
                        return 0
                    }
                    guard number.isMultiple(of: 2) else { return 1 }
                    try await service.succeeded(attempt)
                    return 0
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 }
        }
        #expect(wrong <= 100)
    }

    // MARK: apart from others

    @Test("plugins, kinds of secrets, accounts and passwords are counted apart")
    func apart() async throws {
        let server = try await TestServer(users: [People.ann])
        let service = attempts(server)
        _ = try await guess(150, service) { _ in address }
        _ = try await guess(20, service, of: "ann") { _ in "192.0.2.9" }
        #expect(try await guess(1, attempts(server, of: "two")) { _ in address } == 1)
        #expect(try await guess(1, service, "other") { _ in address } == 1)
        #expect(try await guess(1, attempts(server, of: "two"), of: "ann") { _ in "192.0.2.10" } == 1)
        let outcome = try await server.core.users.verify(
            login: "ann", password: Secret("correct horse"), from: address)
        guard case .verified = outcome else { return #expect(Bool(false), "\(outcome)") }
    }

    @Test("an attempt of another plugin, or one that is made up, is not given back")
    func foreign() async throws {
        let server = try await TestServer()
        let (one, two) = (attempts(server), attempts(server, of: "two"))
        guard case .allowed(let attempt) = try await one.count("code", of: nil, from: address) else {
            return #expect(Bool(false), "the first attempt has to wait")
        }
        for wrong in [attempt, CountedAttempt(counters: ["account.ann"])] {
            let mistake = await #expect(throws: PluginMistake.self) { try await two.succeeded(wrong) }
            #expect(mistake?.description.contains("the plugin 'two' called succeeded of host.attempts") == true)
        }
        try await one.succeeded(attempt)
    }

    @Test("during HEAD, for which nothing is counted, no guess may continue")
    func head() async throws {
        let server = try await TestServer()
        let service = attempts(server)
        let head = RequestHead(method: "HEAD", path: "/", address: address)
        _ = try await HeadRequest.respond(to: ServerRequest(head: head, body: [])) { _ in
            let allowed = try await guess(3, service) { _ in address }
            #expect(allowed == 0)
            return ServerResponse(status: 200)
        }
        #expect(try await guess(150, service) { _ in address } == 100)
    }

    @Test("neither the secret's account nor an address is stored or logged as it is")
    func digests() async throws {
        let server = try await TestServer()
        guard case .allowed(let attempt) = try await attempts(server).count("code", of: "ann-lee", from: address) else {
            return #expect(Bool(false), "the first attempt has to wait")
        }
        #expect(attempt.counters.count == 4)
        #expect(!attempt.counters.contains { $0.contains("ann-lee") || $0.contains(address) })
    }
}
