// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a document, at one place of it.
public struct DocumentProblem: Sendable, Hashable {
    /// The place, as a JSON Pointer (RFC 6901).
    public var pointer: String
    /// What is wrong and what to do, in a sentence.
    public var message: String

    /// Describes a problem.
    public init(_ pointer: String, _ message: String) {
        self.pointer = pointer
        self.message = message
    }
}
