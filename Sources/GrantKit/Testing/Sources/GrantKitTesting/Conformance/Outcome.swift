// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// How a request ended, as far as two requests can be compared.
enum Outcome: Sendable, Equatable, CustomStringConvertible {
    case granted(Subject)
    case refused(OAuthError)

    /// Sends a request.
    ///
    /// - Throws: `ConformanceFailure` for every end that a client would see as a failure of the server.
    init(_ what: String, _ send: () async throws -> Subject) async throws {
        switch try await Result(of: what, send) {
        case .success(let subject): self = .granted(subject)
        case .failure(let error): self = .refused(error)
        }
    }

    /// Whether two requests ended alike: granted for one subject, or refused with one code.
    static func == (left: Outcome, right: Outcome) -> Bool {
        switch (left, right) {
        case (.granted(let left), .granted(let right)): left == right
        case (.refused(let left), .refused(let right)): left.code == right.code
        default: false
        }
    }

    static func sentence(_ error: any Error) -> String {
        guard !(error is HostRefusal) else { return "server_error: \(error)" }
        return "the error \(error), which the client sees as a failure of the server: throw an OAuthError"
    }

    var description: String {
        switch self {
        case .granted(let subject): "granted to \(subject)"
        case .refused(let error):
            "refused with \(error.code.rawValue) (\(error.reason ?? error.description))"
        }
    }
}
