// SPDX-License-Identifier: Apache-2.0

/// Who may call an endpoint. The type says what the endpoint gets; the value is data that the core checks.
public struct Admission<Who: Caller>: Sendable {
    /// For the host: the rule, without the type of the caller.
    @_spi(Host)
    public let rule: AdmissionRule

    fileprivate init(_ rule: AdmissionRule) {
        self.rule = rule
    }
}

extension Admission where Who == Client {
    /// Clients that the core has identified.
    ///
    /// - Parameter requirement: Whether they must have authenticated.
    public static func client(_ requirement: ClientRequirement) -> Admission { Admission(.client(requirement)) }
}

extension Admission where Who == Bearer {
    /// Requests with an access token.
    ///
    /// - Parameter scope: The scope that the token must have.
    public static func bearer(_ scope: Scope) -> Admission { Admission(.bearer(scope)) }
}

extension Admission where Who == UserSession? {
    /// Browsers of anyone, with the session if a user is signed in.
    ///
    /// A form reaches the endpoint only with the token that the core gave to a page of the endpoint in the same
    /// browser. That is the value `csrf`, which the page sends as a hidden field to the address in the value `action`.
    /// Refusals are shown as pages.
    ///
    /// - Parameter foreign: Whether other sites may send forms too; such a form arrives as GET, as if it had been a
    ///   link.
    public static func browser(takesForeignForms foreign: Bool = false) -> Admission {
        Admission(.browser(requiresSession: false, takesForeignForms: foreign))
    }
}

extension Admission where Who == UserSession {
    /// Browsers with which a user is signed in; other users are asked to sign in first.
    ///
    /// Forms are protected as those of `browser`, and are accepted in the session in which their page was shown. If
    /// the endpoint takes GET and a page has the string `<name>_title`, the server's start page links to it; the name
    /// is the path without its slash.
    ///
    /// - Parameter foreign: Whether other sites may send forms too; such a form arrives as GET, as if it had been a
    ///   link.
    public static func user(takesForeignForms foreign: Bool = false) -> Admission {
        Admission(.browser(requiresSession: true, takesForeignForms: foreign))
    }
}

/// For the host: who may call an endpoint, without the type of the caller.
@_spi(Host)
public enum AdmissionRule: Sendable, Hashable {
    /// Clients, as `Client`.
    case client(ClientRequirement)
    /// Requests with an access token that has a scope, as `Bearer`.
    case bearer(Scope)
    /// Browsers, as `UserSession` if a session is required, or else as `UserSession?`.
    case browser(requiresSession: Bool, takesForeignForms: Bool)
}
