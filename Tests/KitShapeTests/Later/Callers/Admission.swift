// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The callers that an endpoint admits. The type says what the endpoint gets; the value is data that the core checks.
struct Admission<Who: Caller>: Sendable {
    let way: AdmissionWay

    fileprivate init(_ way: AdmissionWay) {
        self.way = way
    }
}

/// How a caller is admitted.
enum AdmissionWay: Sendable, Hashable {
    case anyone
    /// A client that has authenticated.
    case client(ClientRequirement)
    /// An access token with a scope.
    case bearer(Scope)
    /// As `bearer`, or no credentials.
    case anyoneOrBearer(Scope)
    case browser
    /// A user who is signed in; others are asked to, and then the endpoint is called with the whole query.
    case user
}

extension Admission where Who == Anyone {
    static var anyone: Admission { Admission(.anyone) }
}

extension Admission where Who == Client {
    static func client(_ requirement: ClientRequirement) -> Admission { Admission(.client(requirement)) }
}

extension Admission where Who == Bearer {
    static func bearer(_ scope: Scope) -> Admission { Admission(.bearer(scope)) }
}

extension Admission where Who == Bearer? {
    static func anyoneOrBearer(_ scope: Scope) -> Admission { Admission(.anyoneOrBearer(scope)) }
}

extension Admission where Who == Visitor {
    static var browser: Admission { Admission(.browser) }
}

extension Admission where Who == UserSession {
    static var user: Admission { Admission(.user) }
}
