// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The filters of token requests, each with its plugin, in the order of the configuration.
struct TokenFilters: Sendable {
    private let all: [Owned<any TokenRequestFilter>]

    init(_ plugins: [RegisteredPlugin]) {
        let filters = plugins.owned(\.tokenFilters)
        // A filter may look for the parameters of every grant, whichever grant the request is for.
        let grants = plugins.flatMap(\.registry.grants).flatMap(\.parameters)
        let acceptance = ParameterAcceptance(grants + GrantPlan.standard + filters.flatMap(\.role.parameters))
        all = filters.map { $0.watching(acceptance, as: "TokenRequestFilter") }
    }

    var isEmpty: Bool { all.isEmpty }

    /// The parameters that filters read in requests for any grant.
    var parameters: [ParameterDeclaration] { all.flatMap(\.role.parameters) }

    /// Asks each filter whether the grant may decide.
    ///
    /// - Throws: The refusal of the first filter that refuses.
    func admit(_ request: TokenRequest) async throws {
        for filter in all {
            let seen = TokenFilters.seen(request, by: filter)
            try await filter.call("TokenRequestFilter.admit") { try await $0.admit(seen) }
        }
    }

    /// Lets each filter narrow a response.
    ///
    /// - Throws: The refusal of the first filter that refuses; `OAuthError` `server_error` for one that widens.
    func narrow(
        _ limits: AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws -> AccessLimits {
        var limits = limits
        for filter in all {
            let former = limits
            let seen = TokenFilters.seen(request, by: filter)
            try await filter.call("TokenRequestFilter.narrow") {
                try await $0.narrow(&limits, of: authorization, for: seen)
                try limits.checkWithin(former, plugin: filter.plugin)
            }
        }
        return limits
    }

    /// The request as it is handed to a filter.
    private static func seen(_ request: TokenRequest, by filter: Owned<any TokenRequestFilter>) -> TokenRequest {
        var request = request
        request.parameters = filter.watched(request.parameters)
        return request
    }
}
