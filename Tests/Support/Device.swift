// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A device with the codes that it got (RFC 8628).
public struct Device: Sendable {
    public static let grant = "urn:ietf:params:oauth:grant-type:device_code"
    public static let plugins = Plugins.all + [PluginSetup(Plugins.deviceAuthorization)]

    /// A public client, as most devices are.
    public static let tv: JSON = [
        "id": "tv", "name": "The television", "grant_types": ["device_code"], "scope": .strings(Demo.scope),
        "auth": ["device_code": ["refresh_token": true]],
    ]
    /// A first-party client with a secret.
    public static let printer: JSON = [
        "id": "printer", "name": "The printer", "secret": .string(Demo.secret), "first_party": true,
        "grant_types": ["device_code"], "scope": ["openid", "read"],
    ]

    public let server: TestServer
    /// The response of the device authorization endpoint.
    public let answer: Answer

    /// Asks for codes.
    public init(_ server: TestServer, scope: String? = "openid profile read") async {
        self.server = server
        answer = await Device.request(server, scope.map { [("scope", $0)] } ?? [])
    }

    public static func server(
        _ plugins: [PluginSetup] = Device.plugins, clients: [JSON] = [tv, printer, Demo.web, TestServer.service]
    ) async throws -> TestServer {
        try await Demo.server(plugins, clients: clients)
    }

    /// Sends a device authorization request as the television.
    public static func request(_ server: TestServer, _ form: [(String, String)] = []) async -> Answer {
        await server.post("/auth/device_authorization", [("client_id", "tv")] + form)
    }

    public var code: String { answer["device_code"] ?? "" }
    public var userCode: String { answer["user_code"] ?? "" }

    /// Asks for the tokens, at this or another node.
    public func poll(at node: TestServer? = nil, _ changes: [(String, String)] = []) async -> Answer {
        let form = [("grant_type", Device.grant), ("device_code", code), ("client_id", "tv")]
        let kept = form.filter { field in !changes.contains { $0.0 == field.0 } }
        return await (node ?? server).post("/auth/token", kept + changes)
    }

    /// Types the code, and signs in if nobody is signed in, so that the page asks for consent.
    public func consent(in browser: Browser) async -> Answer {
        let page = await Device.type(userCode, in: browser)
        return page.heading == "Sign in" ? await browser.signIn(page) : page
    }

    /// Types a code on the page for it.
    public static func type(_ code: String, in browser: Browser) async -> Answer {
        await browser.submit(await browser.open("/auth/device"), [("user_code", code)])
    }

    /// A device that a user has allowed to sign in; nil if something went wrong.
    public static func approved(_ server: TestServer, scope: String? = "openid profile read") async -> Device? {
        let device = await Device(server, scope: scope)
        let browser = Browser(server)
        let page = await browser.allow(await device.consent(in: browser))
        return page.heading == "Your device is connected" ? device : nil
    }
}
