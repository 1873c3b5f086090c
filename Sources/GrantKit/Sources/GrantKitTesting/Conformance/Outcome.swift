// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// How a request ended, as far as two requests can be compared.
enum Outcome: Sendable, Hashable, CustomStringConvertible {
    case granted(Subject)
    case refused(String)

    /// Sends a request.
    ///
    /// - Throws: `ConformanceFailure` for every end that a client would see as a failure of the server.
    init(_ what: String, _ send: () async throws -> Subject) async throws {
        do {
            self = .granted(try await send())
        } catch let error as OAuthError where error.code != .serverError {
            self = .refused(error.code.rawValue)
        } catch let failure as ConformanceFailure {
            throw failure
        } catch {
            throw ConformanceFailure("\(what) is answered with \(Outcome.sentence(error))")
        }
    }

    static func sentence(_ error: any Error) -> String {
        guard !(error is HostRefusal) else { return "server_error: \(error)" }
        return "the error \(error), which the client sees as a failure of the server: throw an OAuthError"
    }

    var description: String {
        switch self {
        case .granted(let subject): "granted to \(subject)"
        case .refused(let code): "refused with \(code)"
        }
    }
}
