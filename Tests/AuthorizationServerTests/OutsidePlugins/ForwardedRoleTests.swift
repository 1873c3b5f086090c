// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Testing

@testable import AuthorizationServer

/// A role that is added to the kit must be forwarded too, or a plugin from outside loses it without a word.
@Suite("Every kind of role is forwarded", .timeLimit(.minutes(10)))
struct ForwardedRoleTests {
    /// What `Registry.forwarded` knows; a new kind belongs there first.
    private static let forwarded: Set<String> = [
        "grants", "extensions", "formats", "resolvers", "endpoints", "flows", "requestFilters", "tokenFilters", "steps",
        "authenticators", "purposes", "claimsSources", "revocationParticipants", "jobs", "pages", "documents",
        "eventSinks", "outboxes",
        "products", "issuers", "stores", "collections", "scopesOnRequest", "requiredScopes", "signingAlgorithms",
        "metadata", "attributeCheck", "isCalledWithMessages",
        "reasonAgainstIsolation",
    ]

    @Test("the registry has no kind that is not forwarded")
    func kinds() {
        #expect(Set(Mirror(reflecting: Registry()).children.compactMap(\.label)) == Self.forwarded)
    }

    @Test("an outbox and a purpose arrive with what they declare")
    func declared() {
        var registry = Registry()
        registry.add(outbox: Silent())
        registry.add(purpose: Silent())
        let result = PluginThreads(of: "silent").forwarding(registry)
        #expect(result.outboxes.map(\.kinds) == [[.signedIn]] && result.outboxes.map(\.isRequired) == [true])
        #expect(result.purposes.map(\.name) == ["silent"] && result.purposes.map(\.grant.key) == ["silent"])
    }

    @Test("an endpoint arrives with its caller, and with what it declares")
    func endpoint() throws {
        var registry = Registry()
        registry.add(endpoint: Reading())
        let found = PluginThreads(of: "silent").forwarding(registry).endpoints.first as? any Endpoint<Bearer>
        let endpoint = try #require(found)
        #expect(endpoint.admissionRule == .bearer(["read"]) && endpoint.body == .json(["text/json"]))
        #expect(endpoint.route == Reading().route && endpoint.parameters == Reading().parameters)
    }

    @Test("an authenticator arrives with its methods and parameters, and is called")
    func authenticator() async throws {
        var registry = Registry()
        registry.add(authenticator: Claiming())
        let result = PluginThreads(of: "claiming").forwarding(registry)
        let authenticator = try #require(result.authenticators.first)
        #expect(authenticator.methods == Claiming().methods && authenticator.parameters == Claiming().parameters)
        let request = AuthenticationRequest(
            head: RequestHead(method: "POST", path: "/auth/token"), parameters: ["badge": "ann"])
        let claim = try #require(try await authenticator.claim(in: request))
        #expect(claim.clientID == "ann")
        let client = Client(id: "ann", isPublic: false, grants: [], scope: [])
        let refusal = await #expect(throws: OAuthError.self) {
            try await authenticator.prove(claim, of: client, in: request)
        }
        #expect(refusal?.reason == "refused in a call")
    }

    private struct Claiming: ClientAuthenticator {
        let methods = [AuthenticationMethod("badge", with: .other)]
        let parameters = [ParameterDeclaration("badge")]

        func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
            request.parameters["badge"].map { ClientClaim(clientID: $0, method: "badge") }
        }

        func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {
            throw OAuthError(.invalidClient, reason: "refused \(PluginCall.ongoing == nil ? "elsewhere" : "in a call")")
        }
    }

    private struct Reading: Endpoint {
        let route = Route(["PUT"], "/read/{id}", below: .issuer, metadata: "reading_endpoint")
        let admission = Admission.bearer(["read"])
        let body = BodyKind.json(["text/json"])
        let parameters = [ParameterDeclaration("word")]

        func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse { EndpointResponse(nil) }
    }

    @Test("a response type validates a request in a call of its plugin, and its refusal comes back")
    func validates() async throws {
        var registry = Registry()
        registry.add(flow: Refusing())
        let flow = try #require(PluginThreads(of: "refusing").forwarding(registry).flows.first)
        let client = Client(id: "app", isPublic: true, grants: [], scope: [])
        let request = AuthorizationRequest(
            client: client, redirectURI: "https://app.example.com/callback", words: ["refusing"], grants: [],
            parameters: [:], head: RequestHead(method: "GET", path: "/auth/authorize"))
        let refusal = await #expect(throws: OAuthError.self) { try await flow.validate(request) }
        #expect(refusal?.code == .invalidRequest && refusal?.reason == "refused in a call")
    }

    private struct Refusing: AuthorizationFlow {
        let word = "refusing"
        let grant = GrantDeclaration("urn:example:refusing", key: "refusing", client: .identified)
        let delivery = Delivery.query

        func validate(_ request: AuthorizationRequest) async throws {
            let place = PluginCall.ongoing == nil ? "elsewhere" : "in a call"
            throw OAuthError(.invalidRequest, reason: "refused \(place)")
        }

        func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {}
    }

    private struct Silent: EventOutbox, InteractionPurpose {
        let kinds: Set<Event.Kind> = [.signedIn]
        let isRequired = true
        let name = "silent"
        let grant = GrantDeclaration("urn:example:silent", key: "silent", client: .confidential)
        func writes(for event: Event) async throws -> [StoreWrite] { [] }
        func request(for context: JSON) async throws -> PurposeRequest { throw OAuthError(.accessDenied) }
        func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer {
            PurposeAnswer(Page("silent"))
        }
        func denied(for context: JSON) async throws -> PurposeAnswer { PurposeAnswer(Page("silent")) }
    }
}
