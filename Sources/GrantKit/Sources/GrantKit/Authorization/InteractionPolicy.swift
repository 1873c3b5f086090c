// SPDX-License-Identifier: Apache-2.0

/// What signing in and consenting have to reach before an authorization request is granted.
public struct InteractionPolicy: Sendable {
    /// What a person is asked in any case, or must not be asked (OpenID Connect Core section 3.1.2.1, `prompt`).
    ///
    /// The core acts on the values below, and on no other.
    public struct Prompt: RawRepresentable, Sendable, Hashable {
        /// The value as it is sent.
        public let rawValue: String

        /// Makes a value, also one that the kit does not know.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Whether two values are the same byte for byte.
        public static func == (left: Prompt, right: Prompt) -> Bool {
            left.rawValue == right.rawValue
        }

        /// No page may be shown.
        public static let none = Prompt(rawValue: "none")
        /// To sign in, also with a session.
        public static let login = Prompt(rawValue: "login")
        /// To consent, also where consent is stored.
        public static let consent = Prompt(rawValue: "consent")
        /// To say who they are, also with a session.
        public static let selectAccount = Prompt(rawValue: "select_account")
    }

    /// What is asked in any case.
    public var prompts: Set<Prompt> = []
    /// How long ago the person may have proved who they are.
    public var maxAge: Duration?
    /// The authentication context classes that were asked for, the preferred one first.
    public var acr: [String] = []
    /// Of these classes one has to be reached; empty if none has to be.
    public var essentialACR: [String] = []
    /// Who has to be the one that signs in.
    public var subject: Subject?
    /// What the client believes the person signs in by.
    public var loginHint: String?
    /// The languages that the client asks pages to be in, as tags of RFC 5646, the preferred one first.
    public var languages: [String] = []
    /// What is granted at most.
    public var limits: AccessLimits
    /// What the consent page says in addition, and whether consent is remembered.
    public var consent = ConsentTerms()
    /// Becomes `Authorization.attachments`, each under the id of the plugin that put it there.
    public var attachments: [String: JSON] = [:]

    /// Asks for nothing but what the limits say.
    public init(limits: AccessLimits) {
        self.limits = limits
    }
}
