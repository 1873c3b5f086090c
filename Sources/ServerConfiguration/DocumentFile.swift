// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A YAML or JSON file that contains one document, such as a client.
public struct DocumentFile {
    /// The document; nil if the file is not a valid one.
    public let document: JSON?
    /// The problems of the file, with lines and columns.
    public let diagnostics: Diagnostics

    private static let noMapping = "the file must be a mapping from keys to values"

    /// Reads a file by the same rules as the configuration.
    ///
    /// - Parameters:
    ///   - bytes: The file's content.
    ///   - name: The file's name in messages.
    ///   - references: Resolves `env:` and `file:`.
    public init(_ bytes: [UInt8], name: String, references: ReferenceSources) {
        let (file, error) = SourceFile.parse(bytes, name: name)
        diagnostics = Diagnostics(file)
        if let error { diagnostics.report(error) }
        guard let root = file.root, case .mapping = root.content else {
            if error == nil { diagnostics.reportUnreadable(DocumentFile.noMapping) }
            document = nil
            return
        }
        let json = ValueReader(references: references, diagnostics: diagnostics).json(root, at: [])
        // A mapping with only 'env' or 'file' has been replaced by the string that it refers to.
        if case .string = json, !diagnostics.hasErrors { diagnostics.report(.error, at: [], DocumentFile.noMapping) }
        document = diagnostics.hasErrors ? nil : json
    }

    /// Reports the problems that a directory has found, at their places in the file.
    public func report(_ problems: [DocumentProblem], _ severity: Diagnostic.Severity = .error) {
        for problem in problems {
            let path = problem.pointer.split(separator: "/").map { segment in
                Int(segment).map(PathStep.element)
                    ?? .key(String(segment.replacing("~1", with: "/").replacing("~0", with: "~")))
            }
            diagnostics.report(severity, at: path, problem.message)
        }
    }
}
