// SPDX-License-Identifier: Apache-2.0

/// A problem at one place of a document.
public struct DocumentProblem: Sendable, Hashable {
    /// The place, as a JSON Pointer (RFC 6901).
    public var pointer: String
    /// What is wrong and what to do, in a sentence.
    public var message: String

    /// Makes a problem.
    ///
    /// - Parameters:
    ///   - pointer: The place, as a JSON Pointer (RFC 6901).
    ///   - message: What is wrong and what to do, in a sentence.
    public init(_ pointer: String, _ message: String) {
        self.pointer = pointer
        self.message = message
    }
}
