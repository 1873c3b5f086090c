// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

extension TestPlugin {
    /// Asks the plugin's token filters whether a grant may decide a request.
    ///
    /// - Parameter request: The request, of a grant of this or any other plugin.
    /// - Throws: `OAuthError` if a filter refuses or declares a parameter that is missing, repeated or too long;
    ///   `HostRefusal` for a mistake of the plugin; and every other error of the plugin.
    public func admit(_ request: TokenRequest) async throws {
        let declared = registry.tokenFilters.flatMap { $0.parameters }
        _ = try TestParameters(declarations: declared).accept(request.parameters, reader: "a token filter")
        try await filter(request) { try await $0.admit($1) }
    }

    /// Lets the plugin's token filters narrow the limits of a response.
    ///
    /// - Parameters:
    ///   - limits: The limits before.
    ///   - authorization: All that was granted.
    ///   - request: The request.
    /// - Returns: The limits after.
    /// - Throws: `OAuthError` if a filter refuses; `HostRefusal` if it allows more than before; and every other error
    ///   of the plugin.
    public func narrow(
        _ limits: AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws -> AccessLimits {
        var limits = limits
        try await filter(request) { filter, seen in
            let before = limits
            try await filter.narrow(&limits, of: authorization, for: seen)
            guard !limits.allowNoMore(than: before) else { return }
            throw HostRefusal(
                "a token filter allows more than it was given: it must only narrow the limits, with keep(scope:), "
                    + "keep(audience:), end(by:) and forbidRefresh()")
        }
        return limits
    }

    /// Calls each filter, and finds the parameters that it reads and that nothing declares.
    func filter(
        _ request: TokenRequest, _ call: (any TokenRequestFilter, TokenRequest) async throws -> Void
    ) async throws {
        for filter in registry.tokenFilters {
            let names = UndeclaredNames(declared: readable)
            var seen = request
            seen.parameters = names.watching(request.parameters)
            try await call(filter, seen)
            guard let name = names.all.first else { continue }
            throw HostRefusal(
                "a token filter reads the parameter '\(name)', which nothing declares: add it to its parameters")
        }
    }

    /// The parameters that a filter may read: a filter may look for those of every grant.
    private var readable: [String] {
        let own = registry.grants.flatMap { $0.parameters } + registry.tokenFilters.flatMap { $0.parameters }
        return own.map { $0.name } + [
            "grant_type", "scope", "audience", "code", "redirect_uri", "code_verifier", "refresh_token", "username",
            "password", "device_code", "assertion", "subject_token", "subject_token_type", "actor_token",
            "actor_token_type", "resource", "requested_token_type",
        ]
    }
}
