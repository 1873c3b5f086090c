// SPDX-License-Identifier: Apache-2.0
//
// The grant whose calls Scripts/bench-plugins measures: a client gets what it may have.

import CPluginABI
import GrantKit

struct PlainGrant: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "plain-grant", summary: "a grant for measurements", specification: "")
    let declaration = GrantDeclaration("urn:example:plain", key: "plain", client: .confidential)

    init(settings: Settings, host: any PluginHost) throws {}

    func register(in registry: inout Registry) { registry.add(grant: self) }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        Authorization(subject: .client(request.client.id), limits: request.allowed)
    }
}

@c(plain_grant_plugin_abi) public func plainGrantABI() -> UnsafeRawPointer? { grantor_plugin_abi() }
@c(plain_grant_plugin_make) public func plainGrantMake() -> UnsafeMutableRawPointer { PluginExport.make(PlainGrant.self) }
