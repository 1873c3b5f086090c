// SPDX-License-Identifier: Apache-2.0

/// A message for whoever starts the server: where, what is wrong, what to do.
public struct Diagnostic: Sendable {
    /// How bad it is.
    public enum Severity: String, Sendable, Comparable {
        /// The server does not start.
        case error
        /// The server starts.
        case warning

        /// Errors come first.
        public static func < (left: Severity, right: Severity) -> Bool {
            left == .error && right == .warning
        }
    }

    /// How bad it is.
    public var severity: Severity
    /// What is wrong.
    public var message: String
    /// What to do.
    public var note: String?
    var start: Mark?
    var end: Mark?
}

/// A step from a document's root to a value.
public enum PathStep: Sendable, Hashable {
    /// Into a mapping.
    case key(String)
    /// Into a list, from 0.
    case element(Int)
}

/// All that is wrong with one file, in the order of the places.
public final class Diagnostics {
    private let file: SourceFile
    private var found: [Diagnostic] = []

    /// Collects what is wrong with a file.
    public init(_ file: SourceFile) {
        self.file = file
    }

    /// Whether the server must not start.
    public var hasErrors: Bool {
        found.contains { $0.severity == .error }
    }

    /// What was found, by place.
    public var all: [Diagnostic] {
        found.sorted { left, right in
            let (first, second) = (left.start ?? Mark(line: -1, column: 0), right.start ?? Mark(line: -1, column: 0))
            return (first.line, first.column, left.severity) < (second.line, second.column, right.severity)
        }
    }

    /// Reports a problem at a value, or at the key that leads to it.
    ///
    /// - Parameters:
    ///   - severity: How bad it is.
    ///   - path: Where; the nearest place that exists is shown.
    ///   - isAtKey: Whether the key is meant.
    ///   - message: What is wrong.
    ///   - note: What to do.
    public func report(
        _ severity: Diagnostic.Severity = .error, at path: [PathStep], key isAtKey: Bool = false, _ message: String,
        note: String? = nil
    ) {
        let place = file.place(of: path, key: isAtKey)
        found.append(Diagnostic(severity: severity, message: message, note: note, start: place?.start, end: place?.end))
    }

    func report(_ error: YAMLError) {
        found.append(
            Diagnostic(severity: .error, message: error.message, note: error.note, start: error.mark, end: error.mark))
    }

    /// The messages as they are printed.
    public var text: String {
        all.map(render).joined()
    }

    private func render(_ diagnostic: Diagnostic) -> String {
        guard let start = diagnostic.start else {
            let note = diagnostic.note.map { "    \($0)\n" } ?? ""
            return "\(file.name): \(diagnostic.severity.rawValue): \(diagnostic.message)\n\(note)"
        }
        let position = "\(file.name):\(start.line + 1):\(start.column + 1)"
        let head = "\(position): \(diagnostic.severity.rawValue): \(diagnostic.message)\n"
        guard let line = file.quotable(start.line) else {
            return head + (diagnostic.note.map { "      | \($0)\n" } ?? "")
        }
        let number = String(repeating: " ", count: max(0, 5 - "\(start.line + 1)".count)) + "\(start.line + 1)"
        let length = diagnostic.end.map { $0.line == start.line ? $0.column - start.column : line.count - start.column }
        let marker = "^" + String(repeating: "~", count: max(0, (length ?? 1) - 1))
        let note = diagnostic.note.map { " \($0)" } ?? ""
        let indent = String(repeating: " ", count: start.column)
        return head + "\(number) | \(line)\n      | \(indent)\(marker)\(note)\n"
    }
}
