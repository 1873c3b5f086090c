// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Takes authorization requests directly from the client, ahead of the browser (RFC 9126).
struct PushedRequests: Plugin {
    static let manifest = PluginManifest(
        id: "pushed-requests", summary: "authorization requests pushed by the client", specification: "RFC 9126")
    static let prefix = "urn:ietf:params:oauth:request_uri:"

    private let host: any LaterHost
    private let isRequired: ClientAttribute<Bool>

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        isRequired = settings.clientAttribute(
            "require_pushed_authorization_requests", default: false,
            "whether requests that were not pushed are refused")
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("pushed_request"))
        registry.add(later: PushEndpoint(host: host))
        registry.add(later: PushedRequestResolver(host: host, isRequired: isRequired))
    }

    static func key(of handle: some StringProtocol, _ host: any PluginHost) -> StoreKey {
        StoreKey("pushed_request", host.cryptography.digest(String(handle)))
    }
}

struct PushEndpoint: LaterEndpoint {
    typealias Who = Client

    let host: any LaterHost
    let route = Route(["POST"], "/par", metadata: "pushed_authorization_request_endpoint")
    let admission = LaterAdmission.present(.client(.identified))
    let body = LaterBody.authorizationRequest

    func respond(to request: EndpointRequest<Client>) async throws -> Reply {
        guard request.parameters["request_uri"] == nil else {
            throw OAuthError(.invalidRequest, "a pushed request cannot be pushed again")
        }
        let checked = try await host.laterAccess.validate(
            authorizationRequest: request.parameters, client: request.caller)
        let handle = host.random(bytes: 32)
        let row: JSON = [
            "client": .string(request.caller.id), "usable_until": .integer((host.now + .seconds(60)).seconds),
            "parameters": .object(checked.all.map { JSON.Member($0.name, .string($0.value)) }),
        ]
        // Completion redeems the record, so it lives for as long as signing in may take.
        let record = StoreRecord(PushedRequests.key(of: handle, host), row, expiresAt: host.now + .seconds(3600))
        return Reply(
            EndpointResponse(
                ["request_uri": .string(PushedRequests.prefix + handle), "expires_in": 60], status: 201,
                writes: [.create(record)]))
    }
}

struct PushedRequestResolver: AuthorizationRequestResolver {
    let host: any LaterHost
    let isRequired: ClientAttribute<Bool>
    let parameters = [ParameterDeclaration("request_uri")]

    func resolve(_ outer: Parameters, client: Client) async throws -> ResolvedRequest? {
        guard let reference = outer["request_uri"], reference.hasPrefix(PushedRequests.prefix) else {
            guard !client[isRequired] else { throw OAuthError(.invalidRequest, "this client must push its requests") }
            return nil
        }
        let key = PushedRequests.key(of: reference.dropFirst(PushedRequests.prefix.count), host)
        guard let record = try await host.store.read(key), !record.isRedeemed,
            record.value["client"]?.string == client.id,
            let end = record.value["usable_until"]?.integer, end > host.now.seconds
        else { throw OAuthError(.invalidRequestURI, reason: "it is unknown, used, expired or another client's") }
        let parameters = (record.value["parameters"]?.members ?? []).compactMap { member in
            member.value.string.map { (name: member.name, value: $0) }
        }
        return ResolvedRequest(parameters: Parameters(parameters), onCompletion: [.redeem(key)])
    }
}

extension OAuthError.Code {
    static let invalidRequestURI = OAuthError.Code(rawValue: "invalid_request_uri")
}
