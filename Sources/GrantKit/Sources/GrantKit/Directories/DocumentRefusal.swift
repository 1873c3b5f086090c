// SPDX-License-Identifier: Apache-2.0

/// Why a directory does not take a document or a change.
public struct DocumentRefusal: Error, Sendable, CustomStringConvertible {
    /// What prevents it.
    public enum Kind: Sendable, Hashable {
        /// The document is not valid.
        case invalid
        /// An identifier or a name of it is another's.
        case taken
        /// The configuration declares it, and is where it is changed.
        case declared
        /// The condition of the change does not hold.
        case changed
        /// There is none of this identifier.
        case unknown
    }

    /// What prevents it.
    public var kind: Kind
    /// All that was found.
    public var problems: [DocumentProblem]

    /// Makes a refusal.
    public init(_ kind: Kind, _ problems: [DocumentProblem]) {
        self.kind = kind
        self.problems = problems
    }

    /// The sentences, one after the other.
    public var description: String { problems.map(\.message).joined(separator: "; ") }
}
