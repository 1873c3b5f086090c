// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Clients that register themselves and manage their registration (RFC 7591, RFC 7592).
struct Registration: Plugin {
    static let manifest = PluginManifest(
        id: "registration", summary: "clients that register themselves", specification: "RFC 7591, RFC 7592")
    /// The scope of the token by which a client manages its own registration.
    static let scope: Scope = ["client:self"]

    private let host: any LaterHost
    private let ceiling: ClientCeiling
    private let lifetime: Duration

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        let words = settings.read("scope", default: ["openid"], "the scope that such clients can have at most")
        lifetime = settings.read(
            "lifetime", default: .seconds(2_592_000), in: .seconds(86400)...(.seconds(31_536_000)),
            "how long a registration is kept")
        ceiling = ClientCeiling(
            grants: ["authorization_code", "refresh_token"], scope: Scope(words), methods: ["none", "private_key_jwt"],
            members: ["client_name", "redirect_uris", "jwks"])
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("registration"))
        registry.add(later: RegistrationVersions.all)
        registry.add(later: RegistrationEndpoint(host: host, ceiling: ceiling))
        registry.add(endpoint: RegistrationReader(host: host))
        registry.add(endpoint: RegistrationRemover(host: host))
        registry.add(later: ExpiredRegistrations(host: host, lifetime: lifetime))
    }
}

struct RegistrationEndpoint: LaterEndpoint {
    typealias Who = Bearer?

    let host: any LaterHost
    let ceiling: ClientCeiling
    let route = Route(["POST"], "/register", metadata: "registration_endpoint")
    let admission = LaterAdmission.anyoneOrBearer(["client:register"])
    let body = LaterBody.present(.json())

    func respond(to request: EndpointRequest<Bearer?>) async throws -> Reply {
        guard let document = request.document, !(document["redirect_uris"]?.strings ?? []).isEmpty else {
            throw OAuthError(OAuthError.Code(rawValue: "invalid_redirect_uri"), "'redirect_uris' is missing")
        }
        let change = try await host.clients.documents.create(ceiling.clip(document))
        var answer = change.entry.document
        answer["client_id"] = .string(change.entry.id)
        let row: JSON = ["v": 2, "at": .integer(host.now.seconds)]
        let key = StoreKey("registration", change.entry.id)
        let record = StoreRecord(key, row, expiresAt: host.now + .seconds(31_536_000))
        return Reply(EndpointResponse(answer, status: 201, writes: [.create(record)]))
    }
}

struct RegistrationReader: Endpoint {
    let host: any LaterHost
    let route = Route(["GET"], "/register/{client}")
    let admission = Admission.bearer(Registration.scope)

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        EndpointResponse(try await own(request, host).document)
    }
}

struct RegistrationRemover: Endpoint {
    let host: any LaterHost
    let route = Route(["DELETE"], "/register/{client}")
    let admission = Admission.bearer(Registration.scope)

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        let entry = try await own(request, host)
        _ = try await host.clients.documents.delete(entry.id, if: .exists)
        return EndpointResponse(nil, status: 204, writes: [.delete(StoreKey("registration", entry.id))])
    }
}

/// The registration of the client that calls; another's is as unknown as one that does not exist.
private func own(_ request: EndpointRequest<Bearer>, _ host: any LaterHost) async throws -> DirectoryEntry {
    let id = try request.variables.required("client")
    guard request.caller.token.authorization.subject == .client(id),
        let entry = try await host.clients.documents.entry(id)
    else { throw OAuthError(.invalidToken, reason: "the token is for another registration") }
    return entry
}
