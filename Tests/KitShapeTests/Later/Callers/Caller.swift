// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The sender of a request, as the core has found it out.
enum FoundCaller: Sendable {
    case nobody
    case client(Client)
    case bearer(Bearer)
    case user(UserSession)
}

/// A kind of caller. It is the type of what an endpoint gets, so no endpoint checks again what the core has checked.
protocol Caller: Sendable {
    /// For the host: the caller as this type, or nil if it is of another kind.
    static func admitted(_ found: FoundCaller) -> Self?
}

/// Any sender; nothing is known about it.
struct Anyone: Caller {
    static func admitted(_ found: FoundCaller) -> Anyone? { Anyone() }
}

/// The presenter of an access token. A proof of its key has been checked.
struct Bearer: Caller {
    var token: ResolvedToken
    /// The client that the token was issued to.
    var client: Client

    static func admitted(_ found: FoundCaller) -> Bearer? {
        if case .bearer(let bearer) = found { bearer } else { nil }
    }
}

/// A browser, with its session if the user is signed in.
struct Visitor: Caller {
    var session: UserSession?

    static func admitted(_ found: FoundCaller) -> Visitor? {
        switch found {
        case .nobody: Visitor(session: nil)
        case .user(let session): Visitor(session: session)
        default: nil
        }
    }
}

extension Client: Caller {
    static func admitted(_ found: FoundCaller) -> Client? {
        if case .client(let client) = found { client } else { nil }
    }
}

extension UserSession: Caller {
    static func admitted(_ found: FoundCaller) -> UserSession? {
        if case .user(let session) = found { session } else { nil }
    }
}

/// Of an optional caller, a request without any credentials is admitted too. Wrong credentials are refused.
extension Optional: Caller where Wrapped: Caller {
    static func admitted(_ found: FoundCaller) -> Wrapped?? {
        if case .nobody = found { return .some(nil) }
        return Wrapped.admitted(found).map(Optional.some)
    }
}
