// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Checks of what strange values cause.
enum Harmless {
    /// Runs something with strange values, which must succeed or be refused without repeating them.
    ///
    /// - Parameters:
    ///   - what: What is strange, as the beginning of a sentence.
    ///   - body: Runs it.
    /// - Throws: `ConformanceFailure` if it ends in another way.
    static func check(_ what: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as OAuthError where error.code != .serverError {
            try check(error, what)
        } catch let failure as ConformanceFailure {
            throw failure
        } catch {
            throw ConformanceFailure("\(what) causes \(Outcome.sentence(error))")
        }
    }

    /// Checks that a refusal does not repeat strange values.
    static func check(_ refusal: OAuthError, _ what: String) throws {
        try expect(
            !refusal.description.contains(HostileText.mark),
            "\(what) is refused with an error that repeats what was sent: '\(refusal.description)'")
    }
}
