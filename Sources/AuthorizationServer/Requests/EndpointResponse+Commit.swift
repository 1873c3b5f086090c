// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

extension EndpointResponse {
    /// Commits the writes of the response, then converts it.
    ///
    /// - Parameters:
    ///   - store: The store.
    ///   - owner: The collections of the endpoint's plugin.
    ///   - begun: The response that begins the interaction, if the endpoint returned one.
    ///   - render: Renders a page; nil unless the endpoint is for browsers.
    /// - Returns: The response.
    /// - Throws: `OAuthError` for a conflict, or for a kind of response that the endpoint may not return;
    ///   `PluginMistake` for a write that the plugin may not make; `StoreError`.
    func commit(
        in store: any Store, by owner: DeclaredCollections, begun: ServerResponse? = nil,
        render: ((Page, _ status: Int) async throws -> ServerResponse)? = nil
    ) async throws -> ServerResponse {
        guard 200...599 ~= status else {
            throw OAuthError(.serverError, reason: "an endpoint returned the status \(status)")
        }
        if !writes.isEmpty {
            try owner.check(writes, of: "an endpoint")
            try writes.checkKeys(of: "the response of an endpoint of the plugin '\(owner.plugin)'")
            if case .conflict = try await store.write(writes) {
                throw OAuthError(
                    .temporarilyUnavailable, "another request changed the same record", reason: "conflict in a commit")
            }
        }
        var answer = if let begun { begun } else { try await self.answer(render) }
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            answer.headers.append((name.raw.lowercased(), value))
        }
        return answer
    }

    private func answer(
        _ render: ((Page, _ status: Int) async throws -> ServerResponse)?
    ) async throws -> ServerResponse {
        switch (content, render) {
        case (.none, _): return ServerResponse(status: status, headers: [("cache-control", "no-store")])
        case (.json(let body), _): return .json(body, status: status)
        case (.page(let page), let render?): return try await render(page, status)
        case (.redirect(let address), _?) where address.utf8.allSatisfy { 0x21...0x7E ~= $0 }:
            return .redirect(address)
        case (.file(let bytes, mediaType: let type), _) where type.utf8.allSatisfy { 0x20...0x7E ~= $0 }:
            return ServerResponse(
                status: status,
                headers: [("content-type", type), ("cache-control", "no-store"), PageAsset.policy], body: bytes)
        default: throw OAuthError(.serverError, reason: "the endpoint may not return this kind of response")
        }
    }
}
