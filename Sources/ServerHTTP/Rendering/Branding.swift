// SPDX-License-Identifier: Apache-2.0

public import AuthorizationServer
public import OutsideText

/// The name, logo, links and scope strings that a deployment adds to the pages without changing a template.
public struct Branding: Sendable {
    /// The strings that pages show for a scope.
    public struct ScopeText: Sendable {
        let scope: String
        let title: LocalizedText
        let detail: LocalizedText?

        /// Creates the strings of a scope.
        public init(_ scope: String, title: LocalizedText, detail: LocalizedText?) {
            self.scope = scope
            self.title = title
            self.detail = detail
        }
    }

    /// The name of the organization that runs the server.
    public var name: LocalizedText?
    /// The logo, which is shown beside the name and as the icon of the pages.
    public var logo: PageAsset?
    /// The address where users find help.
    public var help: String?
    /// The address for users who have forgotten their password.
    public var forgotPassword: String?
    /// The strings of scopes, in the order in which pages list the scopes.
    public var scopes: [ScopeText] = []

    /// Creates a branding that changes nothing.
    public init() {}
}
