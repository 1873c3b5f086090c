// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

@Suite("The endpoints, pages and purposes of the server keep the rules of the kit", .timeLimit(.minutes(10)))
struct EndpointConformanceTests {
    @Test("introspection", arguments: PluginUnderTest(Plugins.introspection).endpointChecks)
    func introspection(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test("revocation", arguments: PluginUnderTest(Plugins.revocation).endpointChecks)
    func revocation(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test("openid", arguments: PluginUnderTest(Plugins.openID, settings: ["algorithms": ["ES256"]]).endpointChecks)
    func openID(_ check: PluginCheck) async throws {
        try await check.run()
    }

    // MARK: device-authorization

    private static let devices: PluginUnderTest = PluginUnderTest(Plugins.deviceAuthorization)
        .answering("POST", "/device") { plugin in
            let codes = try await plugin.call("POST", "/auth/device_authorization")
            return TestCall("POST", "/auth/device", ["user_code": codes.json?["user_code"]?.string ?? ""])
        }
        .answering("GET", "/device/qr") { _ in
            TestCall("GET", "/auth/device/qr", ["user_code": "BCDF-GHJK"])
        }

    @Test("device-authorization", arguments: devices.endpointChecks)
    func deviceAuthorization(_ check: PluginCheck) async throws {
        try await check.run()
    }

    // MARK: password-login

    private static let signingIn: PluginUnderTest = PluginUnderTest(Plugins.passwordLogin)
        .on { host in
            let document: JSON = ["id": "ann"]
            host.users.add(User(id: "ann", isActive: true, document: document), password: "correct horse")
            _ = try await host.users.documents.create(document)
        }
        .answering("POST", "/password") { _ in
            TestCall(
                "POST", "/auth/password",
                [
                    "current_password": "correct horse", "new_password": "battery staple",
                    "repeated_password": "battery staple",
                ])
        }

    @Test("password-login", arguments: signingIn.endpointChecks)
    func password(_ check: PluginCheck) async throws {
        try await check.run()
    }

    // MARK: logout

    private static let signingOut: PluginUnderTest = PluginUnderTest(Plugins.logout, settings: ["delivery_wait": "0s"])
        .answering("POST", "/logout") { plugin in
            let browser = TestCaller.browser(try await plugin.signIn())
            let question = try await plugin.call("GET", "/auth/logout", as: browser)
            let asked = question.page?.values["asked"]?.string ?? ""
            return TestCall("POST", "/auth/logout", ["asked": asked], as: browser)
        }

    @Test("logout", arguments: signingOut.endpointChecks)
    func logout(_ check: PluginCheck) async throws {
        try await check.run()
    }

    // MARK: sessions-api

    private static let sessionList: PluginUnderTest = PluginUnderTest(Plugins.sessionsAPI)
        .answering("POST", "/sessions") { plugin in
            let own = try await plugin.signIn()
            let other = try await plugin.signIn(own.user)
            return TestCall("POST", "/auth/sessions", ["session": other.id, "confirmed": "1"], as: .browser(own))
        }
        .answering("POST", "/grants") { plugin in
            let session = try await plugin.signIn()
            let consent = StoredConsent.test(
                clientID: plugin.client().id, scope: ["read"], givenAt: plugin.host.clock.now)
            plugin.host.consents.add(consent, of: session.user.id)
            return TestCall(
                "POST", "/auth/grants", ["client": consent.clientID, "confirmed": "1"], as: .browser(session))
        }

    @Test("sessions-api", arguments: sessionList.endpointChecks)
    func sessions(_ check: PluginCheck) async throws {
        try await check.run()
    }

    // MARK: admin-api

    private static let administration: PluginUnderTest = ["GET", "PATCH", "DELETE"].reduce(
        PluginUnderTest(Plugins.adminAPI)
    ) { plugin, method in
        plugin
            .answering(method, "/Client/{id}") { plugin in
                _ = try await plugin.host.clients.documents.create(["id": "a"])
                return EndpointConformanceTests.call(method, "/Client/a")
            }
            .answering(method, "/User/{id}") { plugin in
                _ = try await plugin.host.users.documents.create(["id": "a"])
                return EndpointConformanceTests.call(method, "/User/a")
            }
    }

    private static func call(_ method: String, _ path: String) -> TestCall {
        TestCall(method, path, document: method == "PATCH" ? ["name": "A"] : nil)
    }

    @Test("admin-api", arguments: administration.endpointChecks)
    func documents(_ check: PluginCheck) async throws {
        try await check.run()
    }
}

extension PluginUnderTest {
    fileprivate var endpointChecks: [PluginCheck] {
        checks.filter { [.endpoint, .page, .purpose].contains($0.role) }
    }
}
