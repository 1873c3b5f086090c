// SPDX-License-Identifier: Apache-2.0

/// The requirements of sign-in and consent before an authorization request is granted.
public struct InteractionPolicy: Sendable {
    /// A value of `prompt`: what the user must be asked, or must not be asked (OpenID Connect Core section 3.1.2.1).
    ///
    /// The core acts on the values below and ignores all others.
    public struct Prompt: RawRepresentable, Sendable, Hashable {
        /// The value as it is sent.
        public let rawValue: String

        /// Makes a value, even one that the kit does not know.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Whether two values have the same bytes.
        public static func == (left: Prompt, right: Prompt) -> Bool {
            left.rawValue == right.rawValue
        }

        /// No page may be shown.
        public static let none = Prompt(rawValue: "none")
        /// The user signs in again, even with a session.
        public static let login = Prompt(rawValue: "login")
        /// The user is asked for consent, even if it is stored.
        public static let consent = Prompt(rawValue: "consent")
        /// The user chooses an account, even with a session.
        public static let selectAccount = Prompt(rawValue: "select_account")
    }

    /// What the user must be asked, or must not be asked.
    public var prompts: Set<Prompt> = []
    /// The longest time since the user's last authentication.
    public var maxAge: Duration?
    /// The authentication context classes that the client prefers, best first.
    public var acr: [String] = []
    /// The authentication context classes of which the sign-in must reach one; empty if none is required.
    public var essentialACR: [String] = []
    /// The user who must sign in; nil for any.
    public var subject: Subject?
    /// The login name that the client expects.
    public var loginHint: String?
    /// The languages that the client prefers for pages, as tags of RFC 5646, best first.
    public var languages: [String] = []
    /// The limits of what is granted.
    public var limits: AccessLimits
    /// What the consent page shows in addition, and whether consent is remembered.
    public var consent = ConsentTerms()
    /// Values that become `Authorization.attachments`, each under the id of the plugin that adds it.
    public var attachments: [String: JSON] = [:]

    /// Makes a policy with limits and no other requirements.
    public init(limits: AccessLimits) {
        self.limits = limits
    }
}
