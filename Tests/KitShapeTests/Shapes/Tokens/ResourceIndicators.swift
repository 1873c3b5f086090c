// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The parameter `resource` (RFC 8707), and documents about resources that have none of their own (RFC 9728).
struct ResourceIndicators: Plugin, AudienceParameter {
    static let manifest = PluginManifest(
        id: "resource-indicators", summary: "tokens for one resource", specification: "RFC 8707, RFC 9728")

    let name = "resource"
    private let host: any LaterHost
    private let resources: [String]

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        resources = settings.read("resources", default: [], "the resources whose metadata this server publishes")
    }

    func register(in registry: inout Registry) {
        registry.add(later: self)
        registry.add(later: AudienceRule())
        registry.add(later: ResourceMetadata(host: host, resources: resources))
    }

    func audience(of value: String) throws -> String {
        guard let address = try? WebAddress(value) else {
            throw OAuthError(.invalidTarget, "'resource' must be an absolute URI without a fragment")
        }
        // Clients disagree about the slash after a bare origin.
        return address.rest == "/" ? address.origin : value
    }
}

/// Warns of a client whose tokens are for every resource if a request names none.
struct AudienceRule: ConfigurationRule {
    let name = "audience"

    func problems(in configuration: ConfigurationView) -> [ConfigurationProblem] {
        configuration.clients.filter { $0.document["audience"] == nil }.map { client in
            ConfigurationProblem(
                client: client.id,
                message: "the client has no 'audience', so 'resource' cannot narrow its tokens; list its resources",
                isWarning: true)
        }
    }
}

/// The metadata of a resource, whose path follows the document's name (RFC 9728 section 3.1).
struct ResourceMetadata: LaterEndpoint {
    typealias Who = Anyone

    let host: any LaterHost
    let resources: [String]
    let route = Route(["GET"], "/oauth-protected-resource/{path...}", below: .wellKnown)
    let admission = LaterAdmission.anyone

    func respond(to request: EndpointRequest<Anyone>) async throws -> Reply {
        let path = request.variables["path"] ?? ""
        let found = resources.first { resource in
            (try? WebAddress(resource)).map { $0.rest == (path.isEmpty ? "" : "/\(path)") } ?? false
        }
        guard let found else { return Reply(EndpointResponse(nil, status: 404)) }
        var reply = Reply(
            EndpointResponse([
                "resource": .string(found), "authorization_servers": .strings([host.issuer]),
            ]))
        reply.freshFor = .seconds(3600)
        return reply
    }
}
