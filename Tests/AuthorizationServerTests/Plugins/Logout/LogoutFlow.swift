// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// Clients that users sign out of.
enum Leaving {
    static let goodbye = "https://app.example.com/goodbye"
    static let withQuery = "https://app.example.com/bye?from=us"

    static func client(_ id: String, _ more: [(String, JSON)] = []) -> JSON {
        var document: JSON = [
            "id": .string(id), "name": .string("The \(id)"), "secret": .string(Demo.secret), "grant_types": ["code"],
            "scope": .strings(Demo.scope + ["sessions"]), "first_party": true,
            "post_logout_redirect_uris": [.string(goodbye), .string(withQuery)],
            "auth": ["authorization_code": ["redirect_uri": .string(Demo.callback), "refresh_token": true]],
        ]
        for (name, value) in more { document[name] = value }
        return document
    }

    static let shop = client("shop", [("backchannel_logout_uri", "https://shop.example.com/logout")])
    static let library = client(
        "library",
        [
            ("backchannel_logout_uri", "https://library.example.com/logout"),
            ("frontchannel_logout_uri", "https://library.example.com/out?keep=1"),
            ("frontchannel_logout_session_required", true),
        ])
    static let plain = client("plain")

    static func server(_ outbound: RecordedOutbound = RecordedOutbound(), _ plugins: [PluginSetup] = Plugins.all)
        async throws -> TestServer
    {
        try await TestServer(
            plugins, clients: [shop, library, plain, Demo.web, TestServer.service], users: Demo.users,
            passwords: CountingPasswords(), outbound: outbound)
    }

    /// Signs in if necessary, and returns what the client gets.
    static func use(_ client: String, _ server: TestServer, _ browser: Browser, _ scope: String = "openid profile")
        async throws -> BasicOPTests.Flow
    {
        try await BasicOPTests.flow(server, browser, "query", [("client_id", client), ("scope", scope)])
    }

    static func logout(_ browser: Browser, _ parameters: [(String, String?)]) async -> Answer {
        let given = parameters.compactMap { parameter in parameter.1.map { (parameter.0, $0) } }
        let query = given.map { "\(Form.encode($0.0))=\(Form.encode($0.1))" }.joined(separator: "&")
        return await browser.open("/auth/logout" + (query.isEmpty ? "" : "?\(query)"))
    }

    /// Whether nobody is signed in any more, as a client can check.
    static func isOver(_ browser: Browser, _ client: String = "plain") async -> Bool {
        let answer = await browser.authorize(
            BasicOPTests.request("query", [("client_id", client), ("prompt", "none")]))
        return answer.query["error"] == "login_required"
    }

    static func isActive(_ token: String?, _ client: String, _ server: TestServer) async -> Bool {
        await server.introspect(token ?? "", as: client, Demo.secret).json["active"] == true
    }
}
