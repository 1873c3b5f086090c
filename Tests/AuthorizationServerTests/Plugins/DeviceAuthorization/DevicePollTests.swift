// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Devices that poll too often", .timeLimit(.minutes(10)))
struct DevicePollTests {
    @Test(
        "a poll that comes too early makes the interval five seconds longer for good", .clause("RFC 8628 section 3.5"))
    func slowDown() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        func expect(_ error: String, after seconds: Int, _ line: Comment) async {
            server.clock.advance(.seconds(seconds))
            let found = await device.poll().error
            #expect(found == error, line)
        }
        await expect("authorization_pending", after: 0, "the first poll")
        await expect("authorization_pending", after: 5, "in time")
        await expect("slow_down", after: 4, "a second too early: the interval is ten seconds from now on")
        await expect("slow_down", after: 9, "too early again, which is not counted again")
        await expect("authorization_pending", after: 1, "ten seconds later")
        await expect("slow_down", after: 5, "the interval stays longer: it is fifteen seconds from now on")
        await expect("slow_down", after: 14, "too early")
        await expect("authorization_pending", after: 1, "fifteen seconds later")
        await expect("authorization_pending", after: 15, "in time")
    }

    @Test("a poll that comes too early redeems nothing, and the next one in time does", .clause("RFC 8628 section 3.5"))
    func early() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        #expect(await device.poll().error == "authorization_pending")
        let browser = Browser(server)
        _ = await browser.allow(await device.consent(in: browser))
        for _ in 0..<5 { #expect(await device.poll().error == "slow_down") }
        server.clock.advance(.seconds(10))
        #expect(await device.poll().status == 200)
    }

    @Test("of 64 polls at once, one gets the tokens and keeps them", arguments: 0..<Races.rounds)
    func race(_ round: Int) async throws {
        let server = try await Device.server()
        let device = try #require(await Device.approved(server))
        let answers = await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<64 { group.addTask { await device.poll() } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let won = answers.filter { $0.status == 200 }
        #expect(won.count == 1)
        #expect(answers.allSatisfy { $0.status == 200 || $0.error == "slow_down" })
        let token = try #require(won.first?["access_token"])
        #expect(try await server.core.tokens.resolve(token) != nil)
    }

    @Test("polls at two servers on one store are counted together")
    func nodes() async throws {
        let server = try await Device.server()
        let other = try await TestServer(
            beside: server, Device.plugins, clients: [Device.tv, Demo.web], users: Demo.users)
        let device = await Device(server)
        #expect(await device.poll().error == "authorization_pending")
        #expect(await device.poll(at: other).error == "slow_down")
        server.clock.advance(.seconds(9))
        #expect(await device.poll().error == "slow_down")
        server.clock.advance(.seconds(1))
        #expect(await device.poll(at: other).error == "authorization_pending")
    }

    @Test("a flood of polls writes one record in an interval, and does not prevent the approval")
    func flood() async throws {
        let plugins = [PluginSetup(CountingStore.self)] + Device.plugins.dropFirst()
        let server = try await Device.server(plugins)
        let store = try #require(server.countingStore)
        let device = await Device(server)
        let browser = Browser(server)
        let consent = await device.consent(in: browser)
        let before = store.writes
        for _ in 0..<1000 { _ = await device.poll() }
        #expect(store.writes - before == 1)
        #expect(await browser.allow(consent).heading == "Your device is connected")
        server.clock.advance(.seconds(10))
        #expect(await device.poll().status == 200)
    }
}
