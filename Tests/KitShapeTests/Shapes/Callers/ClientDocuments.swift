// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Clients whose identifier is the address of a document that describes them (Client ID Metadata Documents).
struct ClientDocuments: Plugin, ClientResolver {
    static let manifest = PluginManifest(
        id: "client-documents", summary: "clients that describe themselves",
        specification: "draft-ietf-oauth-client-id-metadata-document")

    let prefix = "https://"
    private let host: any LaterHost
    private let ceiling: ClientCeiling

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        let words = settings.read("scope", default: ["openid"], "the scope that such clients can have at most")
        ceiling = ClientCeiling(
            grants: ["authorization_code"], scope: Scope(words), methods: ["none", "private_key_jwt"],
            members: ["client_id", "client_name", "redirect_uris", "jwks", "jwks_uri"])
    }

    func register(in registry: inout Registry) {
        registry.add(metadata: "client_id_metadata_document_supported", .value(true))
        registry.add(later: self)
    }

    func resolve(_ id: String) async throws -> ResolvedClient? {
        let address = try WebAddress(id)
        let reply = try await host.outbound.send(OutboundRequest("GET", id))
        guard reply.status == 200, let document = try? JSON(parsing: reply.body), document["client_id"]?.string == id,
            document["client_secret"] == nil
        else { return nil }
        let warning = ConsentWarning("client_document", ["host": address.host ?? ""])
        return ResolvedClient(
            registration: document, ceiling: ceiling, goodUntil: host.now + .seconds(300), warnings: [warning])
    }
}
