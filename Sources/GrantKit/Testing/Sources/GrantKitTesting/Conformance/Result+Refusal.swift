// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Result where Success: Sendable, Failure == OAuthError {
    /// Lets a part of a plugin answer, with a refusal as a result.
    ///
    /// - Parameters:
    ///   - what: The request, as the beginning of a sentence.
    ///   - send: Sends it.
    /// - Throws: `ConformanceFailure` for every end that a client or a user would see as a failure of the server.
    init(of what: String, _ send: () async throws -> Success) async throws {
        do {
            self = .success(try await send())
        } catch let error as OAuthError where error.code != .serverError {
            self = .failure(error)
        } catch let failure as ConformanceFailure {
            throw failure
        } catch {
            throw ConformanceFailure("\(what) is answered with \(Outcome.sentence(error))")
        }
    }

    /// Checks that a refusal does not repeat strange values, and returns the result.
    func checked(_ what: String) throws -> Self {
        if case .failure(let error) = self { try Harmless.check(error, what) }
        return self
    }
}
