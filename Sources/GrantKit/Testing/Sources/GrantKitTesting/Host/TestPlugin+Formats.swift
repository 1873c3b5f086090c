// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension TestPlugin {
    /// Makes a token in a format of the plugin, and commits what makes it known.
    ///
    /// Resolve it with `host.tokens.resolve`.
    ///
    /// - Parameters:
    ///   - contents: The contents of the token.
    ///   - name: The name of the format; nil for the plugin's first one.
    /// - Returns: The token.
    /// - Throws: `HostRefusal` if there is no such format or for a mistake of the plugin; `OAuthError` if a record
    ///   exists already; and every other error of the plugin.
    public func mint(_ contents: TokenContents, as name: String? = nil) async throws -> String {
        guard let format = registry.formats.first(where: { $0.name == name ?? $0.name }) else {
            throw HostRefusal("the plugin has no token format '\(name ?? "")'")
        }
        let token = try await format.mint(contents)
        let outcome = try await host.store.commit(token.writes, of: "the token format '\(format.name)'")
        guard case .committed = outcome else {
            throw OAuthError.invalidGrant(reason: "the record of the token exists already or has changed")
        }
        return token.value
    }
}
