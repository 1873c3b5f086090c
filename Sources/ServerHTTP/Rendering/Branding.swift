// SPDX-License-Identifier: Apache-2.0

public import AuthorizationServer
import OutsideText

/// What a deployment puts on every page without touching a template.
public struct Branding: Sendable {
    /// A text in several languages.
    public struct Text: Sendable {
        private let byLanguage: [String: String]
        private let other: String

        /// Describes a text.
        ///
        /// - Parameters:
        ///   - byLanguage: The text of each language, by its tag in lower case.
        ///   - other: The text of every other language.
        public init(_ byLanguage: [String: String], other: String) {
            self.byLanguage = byLanguage
            self.other = other
        }

        subscript(language: String) -> String {
            byLanguage[exactly: language.raw.lowercased()] ?? other
        }
    }

    /// What a scope allows.
    public struct ScopeText: Sendable {
        let scope: String
        let title: Text
        let detail: Text?

        /// Describes a scope.
        public init(_ scope: String, title: Text, detail: Text?) {
            self.scope = scope
            self.title = title
            self.detail = detail
        }
    }

    /// The name of whoever runs the server.
    public var name: Text?
    /// The picture beside the name, and the icon of the pages.
    public var logo: PageAsset?
    /// Where people find help.
    public var help: String?
    /// Where people go who have forgotten their password.
    public var forgotPassword: String?
    /// What scopes allow, in the order in which pages list them.
    public var scopes: [ScopeText] = []

    /// Makes a branding that changes nothing.
    public init() {}
}
