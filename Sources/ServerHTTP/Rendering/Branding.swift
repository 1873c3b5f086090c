// SPDX-License-Identifier: Apache-2.0

public import AuthorizationServer
import OutsideText

/// The name, logo, links and scope strings that a deployment adds to the pages without changing a template.
public struct Branding: Sendable {
    /// A string in several languages.
    public struct Text: Sendable {
        private let byLanguage: [String: String]
        private let other: String

        /// Creates a string.
        ///
        /// - Parameters:
        ///   - byLanguage: The text in each language, by language tag in lower case.
        ///   - other: The text in all other languages.
        public init(_ byLanguage: [String: String], other: String) {
            self.byLanguage = byLanguage
            self.other = other
        }

        subscript(language: String) -> String {
            byLanguage[exactly: language.raw.lowercased()] ?? other
        }
    }

    /// The strings that pages show for a scope.
    public struct ScopeText: Sendable {
        let scope: String
        let title: Text
        let detail: Text?

        /// Creates the strings of a scope.
        public init(_ scope: String, title: Text, detail: Text?) {
            self.scope = scope
            self.title = title
            self.detail = detail
        }
    }

    /// The name of the organization that runs the server.
    public var name: Text?
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
