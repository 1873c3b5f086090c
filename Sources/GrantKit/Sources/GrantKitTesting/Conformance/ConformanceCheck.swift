// SPDX-License-Identifier: Apache-2.0

/// A check of one requirement that the kit has for stores.
///
/// Run each check as one test.
public struct ConformanceCheck<Subject>: Sendable, CustomStringConvertible {
    /// The requirement, as a sentence.
    public let description: String
    /// Runs the check, and throws if the subject fails it.
    public let run: @Sendable (Subject) async throws -> Void
}
