// SPDX-License-Identifier: Apache-2.0

/// The problems of one file, in the order of their places.
public final class Diagnostics {
    private static let most = 100

    private let file: SourceFile
    private var found: [Diagnostic] = []
    private var count = 0
    private var unresolved: Set<[PathStep]> = []

    /// Collects the problems of a file.
    public init(_ file: SourceFile) {
        self.file = file
    }

    /// Whether a problem keeps the server from starting.
    public var hasErrors: Bool {
        found.contains { $0.severity == .error }
    }

    /// Whether the file could be parsed, so that its values can be checked.
    public private(set) var isReadable = true

    /// Suppresses problems at or below a path whose value could not be resolved, since they would only be consequences.
    func leaveOut(_ path: [PathStep]) {
        unresolved.insert(path)
    }

    /// The problems, sorted by place.
    public var all: [Diagnostic] {
        found.sorted { left, right in
            let (first, second) = (left.start ?? Mark(line: -1, column: 0), right.start ?? Mark(line: -1, column: 0))
            return (first.line, first.column, left.severity) < (second.line, second.column, right.severity)
        }
    }

    /// Reports a problem at a value, or at the key that leads to it.
    ///
    /// - Parameters:
    ///   - severity: The severity of the problem.
    ///   - path: The path of the value; if it does not exist, the nearest place that exists is shown.
    ///   - isAtKey: Whether to point at the key rather than at the value.
    ///   - message: What is wrong.
    ///   - note: What to do about it.
    public func report(
        _ severity: Diagnostic.Severity = .error, at path: [PathStep], key isAtKey: Bool = false, _ message: String,
        note: String? = nil
    ) {
        guard !unresolved.contains(where: { path.starts(with: $0) }) else { return }
        count += 1
        let isMoreThanAnybodyReads = found.count >= Diagnostics.most && (severity == .warning || hasErrors)
        guard !isMoreThanAnybodyReads else { return }
        let place = file.place(of: path, key: isAtKey)
        found.append(Diagnostic(severity: severity, message: message, note: note, start: place?.start, end: place?.end))
    }

    func report(_ error: YAMLError) {
        isReadable = false
        count += 1
        found.append(
            Diagnostic(severity: .error, message: error.message, note: error.note, start: error.mark, end: error.mark))
    }

    /// The messages as printed, with the lines of the file that they are about.
    public var text: String {
        let rest = count - found.count
        return all.map(render).joined() + (rest > 0 ? "\(file.name): and \(rest) more\n" : "")
    }

    /// A problem in a single line, for a log with one record per line.
    public struct Line: Sendable {
        /// The severity of the problem.
        public let severity: Diagnostic.Severity
        /// The place, the severity and what is wrong.
        public let message: String
        /// What to do about it.
        public let note: String?
        /// The file's name, as the operator wrote it.
        public let file: String
        /// The line, counted from 1.
        public let line: Int?
        /// The column, counted from 1.
        public let column: Int?
    }

    /// The messages, each in a single line, without quoting the file.
    public var lines: [Line] {
        let shown = all.map { diagnostic in
            let place = diagnostic.start.map { ":\($0.line + 1):\($0.column + 1)" } ?? ""
            let text = "\(file.name)\(place): \(diagnostic.severity.rawValue): \(diagnostic.message)"
            return Line(
                severity: diagnostic.severity, message: Diagnostics.plain(text),
                note: diagnostic.note.map(Diagnostics.plain), file: file.name,
                line: diagnostic.start.map { $0.line + 1 }, column: diagnostic.start.map { $0.column + 1 })
        }
        guard count > found.count else { return shown }
        let rest = "\(file.name): and \(count - found.count) more"
        return shown
            + [Line(severity: .warning, message: rest, note: nil, file: file.name, line: nil, column: nil)]
    }

    /// Reports a problem that makes the whole file unusable.
    func reportUnreadable(_ message: String, note: String? = nil, at path: [PathStep]? = nil) {
        isReadable = false
        guard let path else {
            count += 1
            return found.append(Diagnostic(severity: .error, message: message, note: note))
        }
        report(at: path, message, note: note)
    }

    private func render(_ diagnostic: Diagnostic) -> String {
        let message = Diagnostics.plain("\(diagnostic.severity.rawValue): \(diagnostic.message)")
        let note = diagnostic.note.map(Diagnostics.plain)
        guard let start = diagnostic.start else {
            return "\(file.name): \(message)\n" + (note.map { "    \($0)\n" } ?? "")
        }
        let head = "\(file.name):\(start.line + 1):\(start.column + 1): \(message)\n"
        guard let line = file.quotable(start.line) else { return head + (note.map { "      | \($0)\n" } ?? "") }
        let scalars = Array(line.unicodeScalars)
        let end = diagnostic.end.flatMap { $0.line == start.line ? $0.column : nil } ?? scalars.count
        return head
            + quote(scalars, from: min(start.column, scalars.count), to: end, number: start.line + 1, note: note)
    }

    /// The line of the file, or the part of a long line around the problem, and the marker below it.
    private func quote(
        _ line: [Unicode.Scalar], from start: Int, to end: Int, number: Int, note: String?
    ) -> String {
        let first = start > 120 ? start - 40 : 0
        let shown = line[first..<min(line.count, first + 200)]
        let length = max(1, min(end, first + shown.count) - start)
        let label = String(repeating: " ", count: max(0, 5 - "\(number)".count)) + "\(number)"
        let indent = String(String.UnicodeScalarView(line[first..<start].map { $0 == "\t" ? "\t" : " " }))
        let marker = "^" + String(repeating: "~", count: length - 1) + (note.map { " \($0)" } ?? "")
        return "\(label) | \(String(String.UnicodeScalarView(shown)))\n      | \(indent)\(marker)\n"
    }

    /// Escapes characters with which the content of a file could forge a line of a message or control a terminal.
    private static func plain(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
            default: String(scalar)
            }
        }.joined()
    }
}
