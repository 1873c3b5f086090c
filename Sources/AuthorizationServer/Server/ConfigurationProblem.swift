// SPDX-License-Identifier: Apache-2.0

/// Something in a configuration document that prevents the start, or that its author should know.
public struct ConfigurationProblem: Sendable, Hashable {
    /// The severity of a problem.
    public enum Severity: String, Sendable, Hashable {
        /// The server does not start.
        case error
        /// The server starts anyway.
        case warning
    }

    /// A step from the root of the document to a value.
    public enum Step: Sendable, Hashable {
        /// To a member of a mapping.
        case key(String)
        /// To an element of a list, counted from 0.
        case element(Int)
    }

    /// Advice on how to fix a problem.
    public enum Note: Sendable, Hashable {
        /// A sentence.
        case text(String)
        /// The known names, of which the nearest was probably meant.
        case candidates(for: String, among: [String])
        /// A sentence about a missing plugin, to which the program may add one that could be loaded.
        case plugin(String, for: Role)
    }

    /// A role that at least one plugin must fill.
    public enum Role: String, Sendable, Hashable {
        /// Keeps state.
        case store
        /// Issues access tokens.
        case tokenFormat = "token_format"
        /// Identifies the user.
        case signIn = "sign_in"
    }

    /// The severity.
    public var severity: Severity
    /// The path to the value that the problem is about.
    public var path: [Step]
    /// Whether the problem is the key rather than its value.
    public var isAtKey: Bool
    /// The message, which says what is wrong.
    public var message: String
    /// The note, which says what to do.
    public var note: Note?

    /// Creates a problem.
    public init(
        _ severity: Severity = .error, at path: [Step], key isAtKey: Bool = false, _ message: String,
        note: Note? = nil
    ) {
        self.severity = severity
        self.path = path
        self.isAtKey = isAtKey
        self.message = message
        self.note = note
    }
}

extension [ConfigurationProblem.Step] {
    /// The path to a member of a mapping.
    public func key(_ name: String) -> [ConfigurationProblem.Step] { self + [.key(name)] }

    /// The path to an element of a list.
    public func element(_ number: Int) -> [ConfigurationProblem.Step] { self + [.element(number)] }
}
