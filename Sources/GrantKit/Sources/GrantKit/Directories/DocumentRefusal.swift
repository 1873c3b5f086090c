// SPDX-License-Identifier: Apache-2.0

/// The refusal of a document or of a change to one.
public struct DocumentRefusal: Error, Sendable, CustomStringConvertible {
    /// The kind of reason.
    public enum Kind: Sendable, Hashable {
        /// The document is not valid.
        case invalid
        /// Its identifier or one of its names belongs to another document.
        case taken
        /// The configuration declares the document, so it can only be changed there.
        case declared
        /// The condition does not hold, or the document has changed meanwhile.
        case changed
        /// There is no document with this identifier in the store.
        case unknown
    }

    /// The kind of reason.
    public var kind: Kind
    /// All problems that were found.
    public var problems: [DocumentProblem]

    /// Makes a refusal.
    ///
    /// - Parameters:
    ///   - kind: The kind of reason.
    ///   - problems: All problems that were found.
    public init(_ kind: Kind, _ problems: [DocumentProblem]) {
        self.kind = kind
        self.problems = problems
    }

    /// The messages of all problems, separated by semicolons.
    public var description: String { problems.map(\.message).joined(separator: "; ") }
}
