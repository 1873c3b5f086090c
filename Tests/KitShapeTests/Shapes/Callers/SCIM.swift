// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Lets another system manage users (RFC 7644).
struct SCIM: Plugin {
    static let manifest = PluginManifest(id: "scim", summary: "users from another system", specification: "RFC 7644")
    static let type = "application/scim+json"

    private let host: any LaterHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(endpoint: SCIMUser(host: host))
        registry.add(endpoint: SCIMMember(host: host))
        registry.add(later: SCIMSupport())
    }

    static func reply(_ document: JSON, status: Int = 200, version: String? = nil) -> EndpointResponse {
        var response = EndpointResponse(content: .file(document.bytes, mediaType: type), status: status)
        response.headers["ETag"] = version.map { "W/\"\($0)\"" }
        return response
    }

    static func unknown(_ what: String) -> EndpointResponse {
        reply(["schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": .string(what)], status: 404)
    }
}

struct SCIMUser: Endpoint {
    let host: any LaterHost
    let route = Route(["GET", "PUT"], "/scim/v2/Users/{id}", below: .issuer)
    let admission = Admission.bearer(["scim"])
    let body = BodyKind.json([SCIM.type, "application/json"])

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        let id = try request.variables.required("id")
        if request.head.method == "PUT", let document = request.document {
            _ = try await host.users.documents.replace(id, with: document, if: .any)
        }
        guard let entry = try await host.users.documents.entry(id) else { return SCIM.unknown("there is no such user") }
        return SCIM.reply(entry.document, version: entry.version)
    }
}

/// Whether a user is in a group: two variables, one of them in the middle.
struct SCIMMember: Endpoint {
    let host: any LaterHost
    let route = Route(["GET"], "/scim/v2/Groups/{group}/members/{id}", below: .issuer)
    let admission = Admission.bearer(["scim"])

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        let (group, id) = (try request.variables.required("group"), try request.variables.required("id"))
        let groups = try await host.users.documents.entry(id)?.document["groups"]?.strings ?? []
        guard groups.contains(group) else { return SCIM.unknown("the user is not in the group") }
        return SCIM.reply(["value": .string(id)])
    }
}

/// What anyone may know of the interface (RFC 7644 section 4).
struct SCIMSupport: LaterEndpoint {
    typealias Who = Anyone

    let route = Route(["GET"], "/scim/v2/ServiceProviderConfig", below: .issuer)
    let admission = LaterAdmission.anyone

    func respond(to request: EndpointRequest<Anyone>) async throws -> Reply {
        var reply = Reply(SCIM.reply(["patch": ["supported": false], "etag": ["supported": true]]))
        reply.freshFor = .seconds(3600)
        return reply
    }
}
