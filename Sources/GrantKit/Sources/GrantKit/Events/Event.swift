// SPDX-License-Identifier: Apache-2.0

/// Something that happened, for whoever keeps a record of it.
///
/// An event never holds a secret, a token, a code or a password, and no text that somebody typed and nobody knows: people
/// type passwords into the field for their name. It holds identifiers of what the server knows.
public struct Event: Sendable {
    /// What happened; plugins bring kinds of their own, whose names begin with the plugin's id and a full stop.
    public struct Kind: RawRepresentable, Sendable, Hashable {
        /// The name, as records show it.
        public let rawValue: String

        /// Makes a kind.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }
    }

    /// What happened.
    public var kind: Kind
    /// When; the host writes it.
    public var time = Timestamp(seconds: 0)
    /// The request in which it happened; the host writes it where there is one.
    public var requestID: String?
    /// Where the request came from; the host writes it where there is one.
    public var address: String?
    /// The client; the host writes that of the request if the event names none.
    public var client: String?
    /// Whom it is about.
    public var subject: Subject?
    /// The key of the grant.
    public var grant: String?
    /// What ties together all that came of one consent.
    public var grantID: String?
    /// The session, by the identifier that tokens carry as `sid`.
    public var sessionID: String?
    /// The token, by its identifier, as `jti` carries it.
    public var tokenID: String?
    /// What else there is to say.
    public var details: JSON

    /// Makes an event.
    ///
    /// - Parameters:
    ///   - kind: What happened.
    ///   - subject: Whom it is about.
    ///   - client: The client, if it is another than that of the request.
    ///   - details: What else there is to say, as an object; never a secret.
    public init(_ kind: Kind, subject: Subject? = nil, client: String? = nil, details: JSON = [:]) {
        self.kind = kind
        self.subject = subject
        self.client = client
        self.details = details
    }

    /// Makes an event about what was granted.
    ///
    /// - Parameters:
    ///   - kind: What happened.
    ///   - authorization: What was granted.
    ///   - details: What else there is to say, as an object; never a secret.
    public init(_ kind: Kind, _ authorization: Authorization, details: JSON = [:]) {
        self.init(kind, subject: authorization.subject, details: details)
        grant = authorization.origin.isEmpty ? nil : authorization.origin
        grantID = authorization.grantID
        sessionID = authorization.sessionID
    }
}

extension Event.Kind {
    /// The token endpoint or the authorization endpoint issued what a client asked for.
    public static let issued = Event.Kind(rawValue: "issued")
    /// A request was refused; `details` has the error code and the rule.
    public static let refused = Event.Kind(rawValue: "refused")
    /// A request failed through no fault of the client.
    public static let failed = Event.Kind(rawValue: "failed")
    /// A person signed in.
    public static let signedIn = Event.Kind(rawValue: "signed_in")
    /// A session was made surer by further proof.
    public static let sessionRaised = Event.Kind(rawValue: "session_raised")
    /// A person, or somebody who tries to pass for one, could not prove it.
    public static let signInFailed = Event.Kind(rawValue: "sign_in_failed")
    /// An attempt to sign in was held back, since there had been too many.
    public static let signInDelayed = Event.Kind(rawValue: "sign_in_delayed")
    /// A session ended before its time.
    public static let sessionEnded = Event.Kind(rawValue: "session_ended")
    /// A person allowed a client what it asked for, or a part of it.
    public static let consented = Event.Kind(rawValue: "consented")
    /// A person denied a client what it asked for.
    public static let consentDenied = Event.Kind(rawValue: "consent_denied")
    /// One token was revoked.
    public static let tokenRevoked = Event.Kind(rawValue: "token_revoked")
    /// All that came of one consent was revoked.
    public static let grantRevoked = Event.Kind(rawValue: "grant_revoked")
    /// What can be used once was used again: somebody else has it too.
    public static let replayed = Event.Kind(rawValue: "replayed")
    /// A user was made, changed or removed; `details` says what.
    public static let userChanged = Event.Kind(rawValue: "user_changed")
    /// A client was made, changed or removed; `details` says what.
    public static let clientChanged = Event.Kind(rawValue: "client_changed")
    /// The server's keys changed.
    public static let keysChanged = Event.Kind(rawValue: "keys_changed")
    /// The server began to serve.
    public static let started = Event.Kind(rawValue: "started")
    /// The server was told to end.
    public static let stopped = Event.Kind(rawValue: "stopped")
    /// The configuration was read again and is served.
    public static let reloaded = Event.Kind(rawValue: "reloaded")
    /// The configuration was read again and is not served, because something is wrong with it.
    public static let reloadFailed = Event.Kind(rawValue: "reload_failed")
    /// Events were lost, because a sink did not take them for too long; `details` says how many.
    public static let eventsLost = Event.Kind(rawValue: "events_lost")
}
