// SPDX-License-Identifier: Apache-2.0

/// An event: something that happened and may be recorded.
///
/// An event never contains a secret, token, code or password. It identifies only users and clients that the server
/// knows, and never contains a name that was typed, because people type passwords into the name field.
public struct Event: Sendable {
    /// A kind of event.
    ///
    /// The name of a plugin's own kind begins with the plugin's id and a full stop.
    public struct Kind: RawRepresentable, Sendable, Hashable {
        /// The name, as it appears in records.
        public let rawValue: String

        /// Makes a kind.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }
    }

    /// The kind of event.
    public var kind: Kind
    /// The time; the host sets it.
    public var time = Timestamp(seconds: 0)
    /// The id of the request in which it happened; the host sets it if there is a request.
    public var requestID: String?
    /// The address of the request; the host sets it if there is a request.
    public var address: String?
    /// The identifier of the client; if it is nil, the host sets that of the request.
    public var client: String?
    /// The user or client that it is about.
    public var subject: Subject?
    /// The key of the grant.
    public var grant: String?
    /// The id of the grant, which everything issued under one consent shares.
    public var grantID: String?
    /// The identifier of the session, which is also the `sid` claim of tokens.
    public var sessionID: String?
    /// The identifier of the token, which is also its `jti` claim.
    public var tokenID: String?
    /// Further details, as an object.
    public var details: JSON

    /// Makes an event.
    ///
    /// - Parameters:
    ///   - kind: The kind of event.
    ///   - subject: The user or client that it is about.
    ///   - client: The identifier of the client, if it is not the client of the request.
    ///   - details: Further details, as an object; never a secret.
    public init(_ kind: Kind, subject: Subject? = nil, client: String? = nil, details: JSON = [:]) {
        self.kind = kind
        self.subject = subject
        self.client = client
        self.details = details
    }

    /// Makes an event about what was granted.
    ///
    /// - Parameters:
    ///   - kind: The kind of event.
    ///   - authorization: What was granted.
    ///   - details: Further details, as an object; never a secret.
    public init(_ kind: Kind, _ authorization: Authorization, details: JSON = [:]) {
        self.init(kind, subject: authorization.subject, details: details)
        grant = authorization.origin.isEmpty ? nil : authorization.origin
        grantID = authorization.grantID
        sessionID = authorization.sessionID
    }
}

extension Event.Kind {
    /// The token endpoint or the authorization endpoint issued what a client requested.
    public static let issued = Event.Kind(rawValue: "issued")
    /// The server refused a request; `details` has the error code and the rule.
    public static let refused = Event.Kind(rawValue: "refused")
    /// A request failed because of the server.
    public static let failed = Event.Kind(rawValue: "failed")
    /// A user signed in.
    public static let signedIn = Event.Kind(rawValue: "signed_in")
    /// A user authenticated further in a session that already existed.
    public static let sessionRaised = Event.Kind(rawValue: "session_raised")
    /// A sign-in failed, for example because of a wrong password.
    public static let signInFailed = Event.Kind(rawValue: "sign_in_failed")
    /// An attempt to sign in was refused because it came too soon after many others.
    public static let signInDelayed = Event.Kind(rawValue: "sign_in_delayed")
    /// A session ended before it expired.
    public static let sessionEnded = Event.Kind(rawValue: "session_ended")
    /// A user allowed a client all or a part of what it requested.
    public static let consented = Event.Kind(rawValue: "consented")
    /// A user denied a client what it requested.
    public static let consentDenied = Event.Kind(rawValue: "consent_denied")
    /// A token was revoked.
    public static let tokenRevoked = Event.Kind(rawValue: "token_revoked")
    /// A grant was revoked, with everything issued under it.
    public static let grantRevoked = Event.Kind(rawValue: "grant_revoked")
    /// Something that can be redeemed once, such as a code, was presented again.
    ///
    /// It may have been stolen.
    public static let replayed = Event.Kind(rawValue: "replayed")
    /// A user was created, changed or removed; `details` says which.
    public static let userChanged = Event.Kind(rawValue: "user_changed")
    /// A client was created, changed or removed; `details` says which.
    public static let clientChanged = Event.Kind(rawValue: "client_changed")
    /// The server's keys changed.
    public static let keysChanged = Event.Kind(rawValue: "keys_changed")
    /// A command copied the store to a file; `details` says how.
    public static let storeCopied = Event.Kind(rawValue: "store_copied")
    /// A command loaded a copy into the store; `details` says how.
    public static let storeLoaded = Event.Kind(rawValue: "store_loaded")
    /// The server started.
    public static let started = Event.Kind(rawValue: "started")
    /// The server was told to stop.
    public static let stopped = Event.Kind(rawValue: "stopped")
    /// The configuration was reloaded.
    public static let reloaded = Event.Kind(rawValue: "reloaded")
    /// The configuration was not reloaded, because it has mistakes.
    public static let reloadFailed = Event.Kind(rawValue: "reload_failed")
    /// Events were lost, because a sink did not accept any for too long; `details` says how many.
    public static let eventsLost = Event.Kind(rawValue: "events_lost")
}
