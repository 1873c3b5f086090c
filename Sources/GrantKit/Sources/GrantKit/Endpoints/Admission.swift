// SPDX-License-Identifier: Apache-2.0

/// The rule for who may call an endpoint.
///
/// `Who` is what the endpoint gets; the value is data that the core checks.
public struct Admission<Who: Caller>: Sendable {
    /// For the host: the rule without the type of the caller.
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
    /// - Returns: The rule.
    public static func client(_ requirement: ClientRequirement) -> Admission { Admission(.client(requirement)) }
}

extension Admission where Who == Bearer {
    /// Requests with an access token (RFC 6750).
    ///
    /// - Parameter scope: The scope that the token must have.
    /// - Returns: The rule.
    public static func bearer(_ scope: Scope) -> Admission { Admission(.bearer(scope)) }
}

extension Admission where Who == UserSession? {
    /// All browsers, with the session if a user is signed in.
    ///
    /// A form reaches the endpoint only with the token that the core gave to one of the endpoint's pages in the same
    /// browser. That token is the page's value `csrf`. The page sends it in a hidden field to the URL in its value
    /// `action`. Refusals are shown as pages.
    ///
    /// - Parameter foreign: Whether other sites may send forms too. Such a form arrives as GET, like a link.
    /// - Returns: The rule.
    public static func browser(takesForeignForms foreign: Bool = false) -> Admission {
        Admission(.browser(requiresSession: false, takesForeignForms: foreign))
    }
}

extension Admission where Who == UserSession {
    /// Browsers in which a user is signed in.
    ///
    /// Any other user is asked to sign in first. Forms are protected as for `browser`, and are accepted only in the
    /// session in which their page was shown. If the endpoint accepts GET and a page has the string `<name>_title`, the
    /// server's start page links to the endpoint. The name is the path without its slash.
    ///
    /// - Parameter foreign: Whether other sites may send forms too. Such a form arrives as GET, like a link.
    /// - Returns: The rule.
    public static func user(takesForeignForms foreign: Bool = false) -> Admission {
        Admission(.browser(requiresSession: true, takesForeignForms: foreign))
    }
}

/// For the host: the rule for who may call an endpoint, without the type of the caller.
@_spi(Host)
public enum AdmissionRule: Sendable, Hashable {
    /// Clients, as `Client`.
    case client(ClientRequirement)
    /// Requests with an access token that has a scope, as `Bearer`.
    case bearer(Scope)
    /// Browsers, as `UserSession` if a session is required, or else as `UserSession?`.
    case browser(requiresSession: Bool, takesForeignForms: Bool)
}
