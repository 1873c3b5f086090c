// SPDX-License-Identifier: Apache-2.0

/// Something in a configuration document that stops the start, or that its author should know.
public struct ConfigurationProblem: Sendable, Hashable {
    /// How bad it is.
    public enum Severity: String, Sendable, Hashable {
        /// The server does not start.
        case error
        /// The server starts.
        case warning
    }

    /// A step from the document's root to a value: of a mapping by key, of a list by number.
    public enum Step: Sendable, Hashable {
        /// Into a mapping.
        case key(String)
        /// Into a list, from 0.
        case element(Int)
    }

    /// What to do about it.
    public enum Note: Sendable, Hashable {
        /// In words.
        case text(String)
        /// A name is none of these; the nearest of them was probably meant.
        case candidates(for: String, among: [String])
        /// In words; a plugin is missing, and the program may know one that could be loaded.
        case plugin(String, for: Role)
    }

    /// What one of the plugins at least must do.
    public enum Role: String, Sendable, Hashable {
        /// Keeps state.
        case store
        /// Makes access tokens.
        case tokenFormat = "token_format"
        /// Finds out who a person is.
        case signIn = "sign_in"
    }

    /// How bad it is.
    public var severity: Severity
    /// Where it is.
    public var path: [Step]
    /// Whether the key is meant rather than its value.
    public var isAtKey: Bool
    /// What is wrong.
    public var message: String
    /// What to do.
    public var note: Note?

    /// Describes a problem.
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
