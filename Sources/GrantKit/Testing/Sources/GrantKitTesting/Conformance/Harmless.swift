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
            try expect(
                !error.description.contains(HostileText.mark),
                "\(what): the refusal repeats what was sent: '\(error.description)'")
        } catch let failure as ConformanceFailure {
            throw failure
        } catch {
            throw ConformanceFailure("\(what) causes \(Outcome.sentence(error))")
        }
    }

    /// Checks that a name is a word, as a server does before it starts.
    static func checkWord(_ name: String, _ what: String) throws {
        try expect(
            Scope.isWord(name),
            "the \(what) '\(name)' is not a word: use printable ASCII without spaces, quotation marks and backslashes")
    }
}
