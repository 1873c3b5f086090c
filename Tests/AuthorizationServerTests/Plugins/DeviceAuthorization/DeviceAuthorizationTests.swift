// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Synchronization
import Testing

@testable import AuthorizationServer
@testable import DeviceAuthorization

/// Random bytes of which a test knows the user codes; the last one comes again and again.
private final class Draws: Sendable {
    private let codes: Mutex<[String]>

    init(_ codes: [String]) {
        self.codes = Mutex(codes)
    }

    func next(_ bytes: Int) -> String {
        guard bytes == 24 else { return ManualClock().random(bytes: bytes) }
        return codes.withLock { codes in codes.count > 1 ? codes.removeFirst() : codes[0] }
    }
}

@Suite("RFC 8628: device authorization", .timeLimit(.minutes(10)))
struct DeviceAuthorizationTests {
    @Test(
        "the whole flow: two codes, the user types one and approves, and the device gets its tokens",
        .clause("RFC 8628 section 3"))
    func wholeFlow() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        #expect(await device.poll().error == "authorization_pending")
        let browser = Browser(server)
        let consent = await device.consent(in: browser)
        #expect(consent.heading == "Allow access to your account?" && consent.html.contains("The television"))
        let done = await browser.allow(consent)
        #expect(done.status == 200 && done.heading == "Your device is connected", "\(done.html)")
        server.clock.advance(.seconds(5))
        let tokens = await device.poll()
        #expect(tokens.status == 200 && tokens.header("cache-control") == "no-store", "\(tokens.html)")
        #expect(tokens["id_token"] != nil && tokens["refresh_token"] != nil)
        let info = await server.send(
            "GET", "/auth/userinfo", headers: [("authorization", "Bearer \(tokens["access_token"] ?? "")")])
        #expect(info["sub"] == "ann" && info["given_name"] == "Ann")
        let refreshed = await server.post(
            "/auth/token",
            [
                ("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"] ?? ""), ("client_id", "tv"),
            ])
        #expect(refreshed.status == 200 && refreshed["access_token"] != nil)
    }

    @Test("the response has both codes, both addresses and both times", .clause("RFC 8628 section 3.2"))
    func response() async throws {
        let server = try await Device.server()
        let metadata = await server.send("GET", "/.well-known/oauth-authorization-server")
        #expect(metadata["device_authorization_endpoint"] == "https://id.example.com/auth/device_authorization")
        #expect(metadata.json["grant_types_supported"]?.strings.contains(Device.grant) == true)
        let device = await Device(server)
        #expect(device.answer.status == 200 && device.answer.header("cache-control") == "no-store")
        #expect(device.code.utf8.count == 43)
        #expect(device.userCode.wholeMatch(of: /[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}/) != nil)
        #expect(device.answer["verification_uri"] == "https://id.example.com/auth/device")
        let complete = "https://id.example.com/auth/device?user_code=\(device.userCode)"
        #expect(device.answer["verification_uri_complete"] == complete)
        #expect(device.answer.json["expires_in"] == 600 && device.answer.json["interval"] == 5)
    }

    @Test("neither code is in the store", .clause("RFC 8628 section 5.2"))
    func digests() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let store = server.core.store
        for name in ["device_code", "user_code"] {
            for code in [device.code, device.userCode, device.userCode.replacing("-", with: "")] {
                #expect(try await store.read(StoreKey(name, code)) == nil)
            }
        }
        let key = StoreKey("device_code", server.core.cryptography.digest(device.code))
        let found = try #require(try await store.read(key))
        #expect(!found.value.text.contains(device.code) && !found.value.text.contains(device.userCode))
    }

    @Test("a request is refused as at the token endpoint", .clause("RFC 8628 section 3.1"))
    func refusals() async throws {
        let server = try await Device.server()
        let path = "/auth/device_authorization"
        #expect(await Device.request(server, [("scope", "read admin")]).error == "invalid_scope")
        #expect(await server.post(path, [("client_id", "printer")]).error == "invalid_client")
        #expect(await server.post(path, [("client_id", "nobody")]).error == "invalid_client")
        #expect(await server.post(path, [], as: ("web", Demo.secret)).error == "unauthorized_client")
        #expect(await server.post(path, [], as: ("printer", Demo.secret)).status == 200)
        #expect(await server.send("GET", path).status == 405)
    }

    @Test("if the user denies access, each further poll says so", .clause("RFC 8628 section 3.5"))
    func denied() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let browser = Browser(server)
        let done = await browser.submit(await device.consent(in: browser), [("decision", "deny")])
        #expect(done.heading == "Access denied", "\(done.html)")
        for _ in 0..<3 { #expect(await device.poll().error == "access_denied") }
    }

    @Test("codes expire exactly as documented", .clause("RFC 8628 section 3.5"), arguments: [599, 600])
    func expiry(_ seconds: Int) async throws {
        let server = try await Device.server()
        let (waiting, approved) = (await Device(server), try #require(await Device.approved(server)))
        server.clock.advance(.seconds(seconds))
        let isOver = seconds == 600
        #expect(await waiting.poll().error == (isOver ? "expired_token" : "authorization_pending"))
        #expect(await approved.poll().error == (isOver ? "expired_token" : nil))
        let page = await Device.type(waiting.userCode, in: Browser(server))
        #expect(page.heading == (isOver ? "Connect a device" : "Sign in"))
    }

    @Test(
        "a code that is approved in its last second can be redeemed for three more intervals",
        .clause("RFC 8628 section 3.5"), arguments: [14, 15])
    func lateApproval(_ seconds: Int) async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let browser = Browser(server)
        let consent = await device.consent(in: browser)
        server.clock.advance(.seconds(599))
        #expect(await browser.allow(consent).heading == "Your device is connected")
        server.clock.advance(.seconds(seconds))
        #expect(await device.poll().error == (seconds == 15 ? "expired_token" : nil))
    }

    @Test("an expired request is deleted in the end", .clause("RFC 8628 section 3.5"))
    func purged() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        server.clock.advance(.seconds(1300))
        await StorePurger(server.core).round()
        #expect(await device.poll().error == "invalid_grant")
    }

    @Test("a page that stays open until the code has expired approves nothing", .clause("RFC 8628 section 3.5"))
    func openPage() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let browser = Browser(server)
        let consent = await device.consent(in: browser)
        server.clock.advance(.seconds(601))
        #expect(await browser.allow(consent).heading != "Your device is connected")
        #expect(await device.poll().error == "expired_token")
    }

    @Test("another client cannot redeem the code, and does not slow the device down", .clause("RFC 8628 section 3.4"))
    func otherClient() async throws {
        let server = try await Device.server()
        let device = try #require(await Device.approved(server))
        for _ in 0..<3 {
            let form = [("grant_type", Device.grant), ("device_code", device.code)]
            #expect(await server.post("/auth/token", form, as: ("printer", Demo.secret)).error == "invalid_grant")
        }
        #expect(await device.poll([("device_code", "made-up")]).error == "invalid_grant")
        #expect(await device.poll().status == 200)
    }

    @Test("redeeming a code twice revokes everything issued from it", .clause("RFC 8628 section 3.5"))
    func replay() async throws {
        let server = try await Device.server()
        let device = try #require(await Device.approved(server))
        let token = await device.poll()["access_token"] ?? ""
        #expect(try await server.core.tokens.resolve(token) != nil)
        server.clock.advance(.seconds(30))
        #expect(await device.poll().error == "invalid_grant")
        #expect(try await server.core.tokens.resolve(token) == nil)
    }

    @Test("if the user signs out before the device polls, it gets nothing")
    func signedOut() async throws {
        let server = try await Device.server()
        let device = try #require(await Device.approved(server))
        for session in try await server.core.sessions.list(user: "ann") {
            try await server.core.tokens.revoke(.session(session.id), reason: "test")
        }
        #expect(await device.poll().error == "invalid_grant")
    }

    @Test("a device loses its access when the user signs out, and keeps it when the session expires")
    func endOfSession() async throws {
        let server = try await Device.server()
        func refresh(_ tokens: Answer) async -> Answer {
            await server.post(
                "/auth/token",
                [
                    ("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"] ?? ""),
                    ("client_id", "tv"),
                ])
        }
        let first = try #require(await Device.approved(server))
        let lost = await first.poll()
        for session in try await server.core.sessions.list(user: "ann") {
            try await server.core.tokens.revoke(.session(session.id), reason: "test")
        }
        #expect(lost.status == 200)
        #expect(await refresh(lost).error == "invalid_grant")
        let second = try #require(await Device.approved(server))
        let kept = await second.poll()
        server.clock.advance(.seconds(13 * 3600))
        #expect(try await server.core.sessions.list(user: "ann").isEmpty)
        #expect(await refresh(kept).status == 200)
    }

    @Test("the device gets no more than the user has ticked, and no refresh token without offline access")
    func ticked() async throws {
        let server = try await Device.server()
        let scope = "openid profile read offline_access"
        let all = try #require(await Device.approved(server, scope: scope))
        #expect(await all.poll()["refresh_token"] != nil)
        let device = await Device(server, scope: scope)
        let browser = Browser(server)
        _ = await browser.allow(await device.consent(in: browser), ["profile"])
        let tokens = await device.poll()
        #expect(tokens.status == 200 && tokens["refresh_token"] == nil, "\(tokens.html)")
        #expect(tokens["scope"]?.contains("read") == false && tokens["scope"]?.contains("profile") == true)
    }

    @Test("a device that is approved at one server gets its tokens at another one on the same store")
    func nodes() async throws {
        let server = try await Device.server()
        let other = try await TestServer(
            beside: server, Device.plugins, clients: [Device.tv, Demo.web], users: Demo.users)
        let device = try #require(await Device.approved(server))
        #expect(await device.poll(at: other).status == 200)
    }

    // MARK: limits

    @Test("one address gets thirty codes a minute for a client, and then 429 with Retry-After")
    func limited() async throws {
        let server = try await Device.server()
        for _ in 0..<30 { #expect(await Device.request(server).status == 200) }
        let refused = await Device.request(server)
        #expect(refused.status == 429 && refused.header("retry-after") == "60")
        let other = await server.post("/auth/device_authorization", [], as: ("printer", Demo.secret))
        #expect(other.status == 200, "another client is not affected")
        server.clock.advance(.seconds(60))
        #expect(await Device.request(server).status == 200)
    }

    @Test(
        "requests are counted by the first 64 bits of an IPv6 address, and by an IPv4 address however it is written",
        arguments: [
            ("2001:db8:1:2::1", "2001:0DB8:1:2:ffff:ffff:ffff:ffff", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true), ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ])
    func networks(_ one: String, _ other: String, _ areOne: Bool) async throws {
        let server = try await Device.server()
        let host = LentHost(server.core, to: "device-authorization")
        _ = host.declare([DeviceRequests.counters])
        let limit = CodeLimit(host: host, most: 1)
        let client = try #require(try await server.core.clients.find("tv"))
        try await limit.count(client, from: one)
        do {
            try await limit.count(client, from: other)
            #expect(!areOne)
        } catch let error as OAuthError {
            #expect(areOne && error.status == 429)
        }
    }

    @Test("a user code that another request has is drawn again, and not forever", .clause("RFC 8628 section 6.1"))
    func collision() async throws {
        let server = try await Device.server()
        let client = try #require(try await server.core.clients.find("tv"))
        let plugin = try #require(server.core.generation?.plugins.first { $0.id == "device-authorization" })
        let requests = DeviceRequests(host: plugin.host, lifetime: .seconds(600), interval: .seconds(5))
        let request = StoredRequest(
            of: client, for: AccessLimits(scope: ["read"]), from: "192.0.2.1", at: server.core.now,
            lifetime: .seconds(600), interval: .seconds(5))
        let draws = Draws(["BBBBBBBB", "BBBBBBBB", "CCCCCCCC"])
        let first = try await requests.store(request, random: draws.next)
        let second = try await requests.store(request, random: draws.next)
        #expect(first.user.shown == "BBBB-BBBB" && second.user.shown == "CCCC-CCCC" && first.device != second.device)
        let stuck = Draws(["BBBBBBBB"])
        let error = await #expect(throws: OAuthError.self) {
            _ = try await requests.store(request, random: stuck.next)
        }
        #expect(error?.code == .temporarilyUnavailable)
    }
}
