// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Testing

/// A plugin whose endpoint asks users to sign in and consent for something that waits under a code.
///
/// The record under the code says what is asked, and which mistakes the plugin makes.
struct Pairing: Plugin {
    static let manifest = PluginManifest(id: "pairing", summary: "", specification: "")
    static let declaration = GrantDeclaration("urn:test:pairing", key: "pairing", client: .identified)
    static let collection = StoreCollection("pairing")
    let host: any PluginHost

    init(settings: Settings, host: any PluginHost) {
        self.host = host
    }

    static let texts: [String: [String: String]] = [
        "en": [
            "pairing_title": "Pair a device", "pairing_approved_title": "Your device is connected",
            "pairing_denied_title": "Your device is not connected",
            "pairing_warning": "It calls itself {name}, so look at it.",
        ],
        "de": ["pairing_warning": "Es nennt sich {name}."],
    ]

    func register(in registry: inout Registry) {
        registry.add(collection: Pairing.collection)
        registry.add(page: "pairing", template: "{{> head}}<p>{{who}}</p>{{> foot}}", texts: Pairing.texts)
        registry.add(endpoint: Entry())
        registry.add(purpose: Purpose(host: host))
        registry.add(grant: Grant(host: host))
        registry.add(step: Choice())
    }

    struct Entry: Endpoint {
        let route = Route(["GET", "POST"], "/pair")
        let admission = Admission.browser()
        let parameters = [ParameterDeclaration("code", longest: 20_000), ParameterDeclaration("purpose")]

        func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
            guard let code = request.parameters["code"] else { return .page(Page("pairing")) }
            return .interaction(request.parameters["purpose"] ?? "pairing", context: ["code": .string(code)])
        }
    }

    struct Purpose: InteractionPurpose {
        let host: any PluginHost
        let name = "pairing"
        let grant = Pairing.declaration

        private func pending(_ context: JSON) async throws -> StoreRecord {
            let key = Pairing.collection.key(context["code"]?.string ?? "")
            let record = try await host.store.read(key)
            if let record, record.value["state"] == "settled" {
                throw PurposeSettled(Page(record.value["page"]?.string ?? "pairing", ["kind": "approved"]))
            }
            guard let record, record.value["state"] == "pending" else {
                throw OAuthError(.invalidGrant, "the code is unknown or used")
            }
            return record
        }

        func request(for context: JSON) async throws -> PurposeRequest {
            let value = try await pending(context).value
            // Only the id is known for certain, so the core has to look the client up.
            let client = Client(id: value["client"]?.string ?? "", isPublic: false, grants: [], scope: [])
            var consent = ConsentTerms()
            if value["each"] == true { consent.askEachTime() }
            if let text = value["warning"]?.string {
                consent.add(ConsentWarning(text, ["name": value["name"]?.string ?? ""]))
            }
            return PurposeRequest(
                client: client, limits: AccessLimits(scope: Scope(value["scope"]?.strings ?? [])), consent: consent)
        }

        func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer {
            try await answer(context, "approved", authorization)
        }

        func denied(for context: JSON) async throws -> PurposeAnswer {
            try await answer(context, "denied", nil)
        }

        private func answer(
            _ context: JSON, _ state: String, _ authorization: Authorization?
        ) async throws -> PurposeAnswer {
            var record = try await pending(context)
            record.value["state"] = .string(state)
            record.value["authorization"] = authorization?.stored
            let page = record.value["page"]?.string ?? "pairing"
            var values: JSON = ["kind": .string(state)]
            if case .user(let id)? = authorization?.subject { values["who"] = .string(id) }
            var answer = PurposeAnswer(Page(page, values), writes: [.replace(record, ifVersion: record.version)])
            if let other = record.value["collection"]?.string {
                answer.writes.append(.delete(StoreKey(other, "a-secret-handle")))
            }
            return answer
        }
    }

    struct Grant: TokenGrant {
        let host: any PluginHost
        let declaration = Pairing.declaration
        let parameters = [ParameterDeclaration("code", required: true, secret: true)]

        func authorize(_ request: TokenRequest) async throws -> Authorization {
            let key = Pairing.collection.key(try request.parameters.required("code"))
            guard let record = try await host.store.read(key), record.value["state"] == "approved" else {
                throw OAuthError.invalidGrant(reason: "it is not approved")
            }
            var authorization = try Authorization(stored: record.value["authorization"] ?? .null)
            authorization.writes = [.redeem(key)]
            return authorization
        }
    }

    /// Lets the user choose something if the scope says so.
    struct Choice: InteractionStep {
        let name = "pairing-choice"
        let phase = StepPhase.choose
        let fields = [ParameterDeclaration("answer", longest: 16)]

        func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
            guard interaction.policy.limits.scope.contains("choosy") else { return .skip }
            guard let answer = submitted["answer"] else { return .page(Page("sign_in", ["title": "Choose"])) }
            return .done(StepResult(attachments: ["pairing": ["chosen": .string(answer)]]))
        }
    }
}

/// A plugin with a purpose that no endpoint of another plugin may begin.
struct Stranger: Plugin, InteractionPurpose {
    static let manifest = PluginManifest(id: "stranger", summary: "", specification: "")
    let name = "strange"
    let grant = GrantDeclaration("urn:test:strange", key: "strange", client: .identified)

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) { registry.add(purpose: self) }

    func request(for context: JSON) async throws -> PurposeRequest {
        throw OAuthError(.serverError, "nobody may ask")
    }
    func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer {
        PurposeAnswer(Page("pairing"))
    }
    func denied(for context: JSON) async throws -> PurposeAnswer { PurposeAnswer(Page("pairing")) }
}

extension Pairing {
    static let plugins = Plugins.all + [PluginSetup(Pairing.self), PluginSetup(Stranger.self)]
    static let scope: [String] = ["openid", "read", "write", "choosy"]

    /// A public client, which cannot prove who it is.
    static let screen: JSON = [
        "id": "screen", "name": "The screen", "grant_types": ["pairing"], "scope": .strings(scope),
    ]
    static let recorder: JSON = [
        "id": "recorder", "secret": .string(Demo.secret), "grant_types": ["pairing"], "scope": .strings(scope),
    ]
    static let ours: JSON = [
        "id": "ours", "secret": .string(Demo.secret), "grant_types": ["pairing"], "scope": .strings(scope),
        "first_party": true,
    ]

    static func server(clients: [JSON] = [screen, recorder, ours, Demo.web]) async throws -> TestServer {
        try await TestServer(plugins, clients: clients, users: Demo.users)
    }

    /// Lets something wait under a code.
    static func wait(
        _ code: String, for client: String = "screen", _ more: JSON = [:], at server: TestServer
    ) async throws {
        var value: JSON = ["state": "pending", "client": .string(client), "scope": ["read"]]
        for member in more.members { value[member.name] = member.value }
        let record = StoreRecord(collection.key(code), value, expiresAt: server.core.now + .seconds(600))
        #expect(try await server.core.store.write([.create(record)]) == .committed)
    }

    /// Changes what waits under a code.
    static func change(_ code: String, _ changes: JSON, at server: TestServer) async throws {
        var record = try #require(try await server.core.store.read(collection.key(code)))
        for member in changes.members { record.value[member.name] = member.value }
        #expect(try await server.core.store.write([.replace(record, ifVersion: record.version)]) == .committed)
    }

    /// What has become of a code.
    static func state(_ code: String, at server: TestServer) async throws -> String? {
        try await server.core.store.read(collection.key(code))?.value["state"]?.string
    }

    /// The consent page for a code, after signing in if needed.
    static func consent(_ code: String, in browser: Browser) async -> Answer {
        let page = await browser.open("/auth/pair?code=\(code)")
        return page.heading == "Sign in" ? await browser.signIn(page) : page
    }

    static func redeem(_ code: String, as client: String = "screen", at server: TestServer) async -> Answer {
        let form = [("grant_type", declaration.wire), ("code", code), ("client_id", client)]
        return client == "screen"
            ? await server.post("/auth/token", form)
            : await server.post("/auth/token", Array(form.prefix(2)), as: (client, Demo.secret))
    }

    static let question = "Allow access to your account?"
    static let connected = "Your device is connected"
    static let notConnected = "Your device is not connected"
    static let expired = "This page has expired"
    static let failed = "Something went wrong on this server"
}
