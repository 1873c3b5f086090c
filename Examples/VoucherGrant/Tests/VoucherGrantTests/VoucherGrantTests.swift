// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

@testable import VoucherGrant

@Suite("Vouchers", .timeLimit(.minutes(10)))
struct VoucherGrantTests {
    private static let grant = "urn:example:voucher"
    private static let plugin = PluginUnderTest(VoucherGrant.self, settings: ["series": "spring"])
        .accepting(grant) { _ in ["voucher": "spring-1"] }

    @Test("the plugin keeps the rules of the kit", arguments: plugin.checks)
    func rules(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private func load() async throws -> TestPlugin {
        try await TestHost().load(VoucherGrant.self, settings: ["series": "spring"])
    }

    /// The error code with which a voucher is refused; nil if it is redeemed.
    private func redeem(_ voucher: String, with plugin: TestPlugin) async throws -> OAuthError.Code? {
        do {
            _ = try await plugin.token(VoucherGrantTests.grant, ["voucher": voucher])
            return nil
        } catch let error as OAuthError {
            return error.code
        }
    }

    @Test("a voucher is redeemed once, and its client gets what it may have")
    func once() async throws {
        let plugin = try await load()
        let token = try await plugin.token(VoucherGrantTests.grant, ["voucher": "spring-1"])
        #expect(token.authorization.subject == .client("client-1") && token.limits.scope == ["read", "write"])
        #expect(try await redeem("spring-1", with: plugin) == .invalidGrant)
        #expect(try await redeem("spring-2", with: plugin) == nil)
    }

    @Test("a voucher that has been redeemed stays so for ever")
    func forEver() async throws {
        let plugin = try await load()
        #expect(try await redeem("spring-1", with: plugin) == nil)
        plugin.host.clock.advance(by: .seconds(100 * 365 * 86400))
        try await plugin.host.store.purge()
        #expect(try await redeem("spring-1", with: plugin) == .invalidGrant)
    }

    @Test(
        "what is not of the series is refused",
        arguments: ["autumn-1", "spring", "Spring-1", " spring-1", "spring\u{301}-1"])
    func otherSeries(_ voucher: String) async throws {
        #expect(try await redeem(voucher, with: try await load()) == .invalidGrant)
    }

    @Test("if a hundred clients redeem a voucher at once, one gets a token")
    func atOnce() async throws {
        let plugin = try await load()
        let redeemed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask { try await redeem("spring-1", with: plugin) == nil }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(redeemed == 1)
    }
}
