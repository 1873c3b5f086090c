// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A file that holds one document, such as that of a client, in YAML or JSON.
public struct DocumentFile {
    /// The document; nil if the file cannot be read as one.
    public let document: JSON?
    /// What is wrong with it, with lines and columns.
    public let diagnostics: Diagnostics

    private static let noMapping = "the file must be a mapping from keys to values"

    /// Reads a file by the rules of the configuration.
    ///
    /// - Parameters:
    ///   - bytes: The file's content.
    ///   - name: The name that messages use.
    ///   - references: What `env:` and `file:` refer to.
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
        // A mapping that refers to a file or a variable is the string that it refers to.
        if case .string = json, !diagnostics.hasErrors { diagnostics.report(.error, at: [], DocumentFile.noMapping) }
        document = diagnostics.hasErrors ? nil : json
    }

    /// Reports what a directory has found, where it stands in the file.
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
