// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Logging
import Support
import Testing

@testable import AuthorizationServer
@testable import Cryptography

@Suite("Key sets of other parties are fetched rarely and kept for a while", .timeLimit(.minutes(10)))
struct KeySetTests {
    private let clock = ManualClock()
    private let log = RecordedLog()

    private func sets(_ server: KeyServer) -> KeySets {
        let log = log
        return KeySets(clock, server, SystemCryptography(), Logger(label: "test") { _ in log })
    }

    private static func keys() throws -> JSON { ["keys": [try SigningKey.generate().publicJWK]] }

    @Test("a set is fetched once, and again when it has expired")
    func once() async throws {
        let server = KeyServer(try Self.keys())
        let sets = sets(server)
        for _ in 0..<50 { _ = try await sets.keys(at: KeyServer.address) }
        #expect(server.asked() == 1)
        clock.advance(.seconds(3600))
        _ = try await sets.keys(at: KeyServer.address)
        #expect(server.asked() == 2)
    }

    @Test(
        "the life of a set is what its server says, between a minute and a day", .clause("RFC 9111 section 5.2.2"),
        arguments: [
            ([], 3600), (["max-age=600"], 600), (["public, max-age=600"], 600), (["MAX-AGE=\"600\""], 600),
            (["max-age=1"], 60), (["max-age=0"], 60), (["no-store"], 60), (["no-cache, max-age=900"], 60),
            (["max-age=99999999"], 86400), (["max-age=99999999999999999999999"], 86400), (["max-age=-5"], 3600),
            (["max-age=soon"], 3600), (["max-age="], 3600), (["s-maxage=5"], 3600), (["private"], 3600),
            (["max-age=600", "max-age=300"], 300), ([""], 3600), (["max-age"], 3600),
        ] as [([String], Int64)])
    func life(_ headers: [String], _ seconds: Int64) async throws {
        let fields = headers.map { (name: "cache-control", value: $0) }
        #expect(KeySetLife.of(fields) == .seconds(seconds))
        let server = KeyServer(try Self.keys())
        server.serve(try Self.keys(), cache: headers)
        let sets = sets(server)
        _ = try await sets.keys(at: KeyServer.address)
        clock.advance(.seconds(seconds * 4 / 5 - 1))
        _ = try await sets.keys(at: KeyServer.address)
        #expect(server.asked() == 1)
    }

    @Test(
        "the time for which a cache has kept a set counts", .clause("RFC 9111 section 4.2.3"),
        arguments: [
            (["600"], 3000), (["0"], 3600), (["3600"], 60), (["9999999"], 60), (["99999999999999999999999"], 60),
            (["-5"], 3600), (["soon"], 3600), ([""], 3600), (["100", "600"], 3000),
        ] as [([String], Int64)])
    func age(_ ages: [String], _ seconds: Int64) {
        let fields = [(name: "cache-control", value: "max-age=3600")] + ages.map { (name: "age", value: $0) }
        #expect(KeySetLife.of(fields) == .seconds(seconds))
    }

    @Test("a set is refreshed before it expires, while it still serves")
    func refreshed() async throws {
        let server = KeyServer(try Self.keys())
        let sets = sets(server)
        _ = try await sets.keys(at: KeyServer.address)
        clock.advance(.seconds(2900))
        server.close()
        for _ in 0..<20 { _ = try await sets.keys(at: KeyServer.address) }
        let isAsked = try await Patience.wait { server.waiting == 1 }
        #expect(isAsked && server.asked() == 2, "one request, for which nobody waits")
        server.open()
        let isIdle = try await Patience.wait { server.waiting == 0 }
        #expect(isIdle)
    }

    @Test("a thousand requests at once cause one fetch, and all get its result")
    func atOnce() async throws {
        let server = KeyServer(try Self.keys())
        server.close()
        let sets = sets(server)
        let found = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<1000 {
                group.addTask {
                    _ = try await sets.keys(at: KeyServer.address)
                    return 1
                }
            }
            try await Patience.wait { server.waiting == 1 }
            server.open()
            return try await group.reduce(0, +)
        }
        #expect(found == 1000 && server.asked() == 1)
    }

    @Test("newer keys are fetched at most every 30 seconds, however many are asked for")
    func flood() async throws {
        let server = KeyServer(try Self.keys())
        let sets = sets(server)
        let first = try await sets.keys(at: KeyServer.address)
        for _ in 0..<100 { #expect(await sets.newerKeys(at: KeyServer.address, than: first) == nil) }
        #expect(server.asked() == 1)
        clock.advance(.seconds(30))
        for _ in 0..<100 {
            let known = try await sets.keys(at: KeyServer.address)
            _ = await sets.newerKeys(at: KeyServer.address, than: known)
        }
        #expect(server.asked() == 2)
        for _ in 0..<10 {
            clock.advance(.seconds(3))
            let known = try await sets.keys(at: KeyServer.address)
            _ = await sets.newerKeys(at: KeyServer.address, than: known)
        }
        #expect(server.asked() == 3)
    }

    @Test("keys that another request has just fetched are newer, without one more fetch")
    func fetchedMeanwhile() async throws {
        let server = KeyServer(try Self.keys())
        let sets = sets(server)
        let old = try await sets.keys(at: KeyServer.address)
        clock.advance(.seconds(30))
        let newer = try #require(await sets.newerKeys(at: KeyServer.address, than: old))
        #expect(await sets.newerKeys(at: KeyServer.address, than: old) === newer)
        #expect(await sets.newerKeys(at: KeyServer.address, than: newer) == nil)
        #expect(server.asked() == 2)
    }

    @Test("a failed fetch brings no newer keys")
    func nothingNewer() async throws {
        let server = KeyServer(try Self.keys())
        let sets = sets(server)
        let known = try await sets.keys(at: KeyServer.address)
        clock.advance(.seconds(30))
        server.reply(OutboundReply(status: 500))
        #expect(await sets.newerKeys(at: KeyServer.address, than: known) == nil)
        #expect(server.asked() == 2)
    }

    @Test("a failure does not last longer because the clock was set back")
    func clockSetBack() async throws {
        let server = KeyServer(try Self.keys())
        server.reply(OutboundReply(status: 500))
        let sets = sets(server)
        await #expect(throws: OutboundError.self) { _ = try await sets.keys(at: KeyServer.address) }
        server.serve(try Self.keys())
        clock.advance(.seconds(-86400))
        _ = try await sets.keys(at: KeyServer.address)
        #expect(server.asked() == 2)
    }

    /// Responses that are no key set.
    static let useless: [(name: String, reply: OutboundReply, reason: String)] = [
        ("a redirect", OutboundReply(status: 302, headers: [("location", "https://other.example.com")]), "status 302"),
        ("not found", OutboundReply(status: 404), "status 404"), ("an error", OutboundReply(status: 500), "status 500"),
        ("no content", OutboundReply(status: 204), "status 204"), ("no server", OutboundReply(status: 0), "nobody"),
        ("not JSON", OutboundReply(status: 200, body: Array("<html>".utf8)), "not JSON"),
        ("nothing", OutboundReply(status: 200), "not JSON"),
        ("no keys", OutboundReply(status: 200, body: Array("{}".utf8)), "cannot be used"),
        ("an empty set", OutboundReply(status: 200, body: Array(#"{"keys":[]}"#.utf8)), "cannot be used"),
        ("too many keys", OutboundReply(status: 200, body: KeySetTests.many), "cannot be used"),
        (
            "a shared secret",
            OutboundReply(status: 200, body: Array(#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#.utf8)),
            "secret or private"
        ),
        ("a private key", OutboundReply(status: 200, body: Array(#"{"keys":[{"kty":"EC","d":"x"}]}"#.utf8)), "private"),
        ("an unknown kind", OutboundReply(status: 200, body: Array(#"{"keys":[{"kty":"AKP"}]}"#.utf8)), "'kty'"),
    ]

    private static let many = JSON.object([
        .init("keys", .array((0...100).map { ["kty": "EC", "kid": .string("\($0)")] }))
    ]).bytes

    @Test("a response that is no key set is a failure, which is kept for 30 seconds", arguments: useless.indices)
    func failure(_ place: Int) async throws {
        let (name, reply, reason) = Self.useless[place]
        let server = KeyServer(try Self.keys())
        server.reply(reply)
        let sets = sets(server)
        for _ in 0..<20 {
            let error = await #expect(throws: OutboundError.self) { _ = try await sets.keys(at: KeyServer.address) }
            #expect(error?.description.contains(reason) == true, "\(name): \(error?.description ?? "")")
        }
        #expect(server.asked() == 1 && log.lines.count == 1, "\(name)")
        server.serve(try Self.keys())
        clock.advance(.seconds(30))
        _ = try await sets.keys(at: KeyServer.address)
        #expect(server.asked() == 2, "\(name)")
    }

    @Test("a refresh that fails leaves the set in use until it expires, and not longer")
    func staleOnError() async throws {
        let server = KeyServer(try Self.keys())
        let sets = sets(server)
        _ = try await sets.keys(at: KeyServer.address)
        server.reply(OutboundReply(status: 500))
        clock.advance(.seconds(3000))
        _ = try await sets.keys(at: KeyServer.address)
        try await Patience.wait { log.lines.count == 1 }
        clock.advance(.seconds(599))
        _ = try await sets.keys(at: KeyServer.address)
        try await Patience.wait { log.lines.count == 2 }
        clock.advance(.seconds(1))
        await #expect(throws: OutboundError.self) { _ = try await sets.keys(at: KeyServer.address) }
    }

    @Test("the addresses that were used least recently are dropped, and no more are kept than documented")
    func bounded() async throws {
        let server = KeyServer(try Self.keys())
        let sets = sets(server)
        _ = try await sets.keys(at: KeyServer.address)
        for number in 1..<KeySets.most {
            if number == 1 { clock.advance(.seconds(1)) }
            _ = try await sets.keys(at: "https://\(number).example.com/keys")
        }
        clock.advance(.seconds(1))
        _ = try await sets.keys(at: KeyServer.address)
        _ = try await sets.keys(at: "https://one-more.example.com/keys")
        _ = try await sets.keys(at: KeyServer.address)
        #expect(server.asked() == 1, "it was used a moment ago")
    }

    @Test("a request that is cancelled does not cancel the fetch that others wait for")
    func cancelled() async throws {
        let server = KeyServer(try Self.keys())
        server.close()
        let sets = sets(server)
        let impatient = Task { try await sets.keys(at: KeyServer.address) }
        try await Patience.wait { server.waiting == 1 }
        impatient.cancel()
        let patient = Task { try await sets.keys(at: KeyServer.address) }
        server.open()
        _ = try await patient.value
        #expect(server.asked() == 1)
    }
}
