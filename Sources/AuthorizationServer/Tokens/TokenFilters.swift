// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The filters of token requests, each with the id of its plugin, in the order of the configuration.
struct TokenFilters: Sendable {
    private let all: [(plugin: String, filter: any TokenRequestFilter)]

    init(_ plugins: [RegisteredPlugin]) {
        all = plugins.flatMap { plugin in plugin.registry.tokenFilters.map { (plugin: plugin.id, filter: $0) } }
    }

    var isEmpty: Bool { all.isEmpty }

    /// The parameters that filters read in requests for any grant.
    var parameters: [ParameterDeclaration] { all.flatMap(\.filter.parameters) }

    /// Asks each filter whether the grant may decide.
    ///
    /// - Throws: The refusal of the first filter that refuses.
    func admit(_ request: TokenRequest) async throws {
        for (_, filter) in all { try await filter.admit(request) }
    }

    /// Lets each filter narrow a response.
    ///
    /// - Throws: The refusal of the first filter that refuses; `OAuthError` `server_error` for one that widens.
    func narrow(
        _ limits: AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws -> AccessLimits {
        var limits = limits
        for (plugin, filter) in all {
            let former = limits
            try await filter.narrow(&limits, of: authorization, for: request)
            try limits.checkWithin(former, plugin: plugin)
        }
        return limits
    }
}
