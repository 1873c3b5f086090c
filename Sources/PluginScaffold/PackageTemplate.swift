// SPDX-License-Identifier: Apache-2.0

/// The files of a new package, made from templates.
package struct PackageTemplate: Sendable {
    /// A file with its path in the package.
    package struct File: Sendable {
        package let path: String
        package let content: [UInt8]
    }

    private let id: PluginID
    private let kind: PluginKind
    private let values: [(name: String, value: [UInt8])]

    /// Takes the names with which the templates are filled.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - kind: What the plugin adds.
    ///   - kit: The path of the kit, as the package names it.
    package init(_ id: PluginID, _ kind: PluginKind, kit: String) {
        self.id = id
        self.kind = kind
        let names = [
            ("__id__", id.text), ("__symbol__", id.symbol), ("__Module__", id.module), ("__module__", id.function),
            ("__kit__", SwiftLiteral.of(kit)), ("__testing__", SwiftLiteral.of("\(kit)/Testing")),
            ("__options__", kind.testOptions),
        ]
        values = names.map { ($0.0, Array($0.1.utf8)) }
    }

    /// The files; the first one is `Package.swift`.
    package var files: [File] {
        [
            file("Package.swift", PackageResources.Package_swift_template),
            file(sourcePath, kind.source + PackageResources.handshake_swift_template),
            file(testPath, kind.tests),
            file("README.md", readme),
            file(".gitignore", PackageResources.gitignore_template),
        ]
    }

    /// The path of the source file.
    package var sourcePath: String { "Sources/\(id.module)/\(id.module).swift" }
    /// The path of the test file.
    package var testPath: String { "Tests/\(id.module)Tests/\(id.module)Tests.swift" }

    private var readme: [UInt8] {
        // Without the line break at its end, since the place in the template has one.
        let use = kind.use.last == UInt8(ascii: "\n") ? Array(kind.use.dropLast()) : kind.use
        return PackageTemplate.filled(PackageResources.README_md_template, with: [("__use__", use)])
    }

    private func file(_ path: String, _ template: [UInt8]) -> File {
        File(path: path, content: PackageTemplate.filled(template, with: values))
    }

    /// A template with its placeholders replaced in one pass, so that nothing in a value is taken for one.
    static func filled(_ template: [UInt8], with values: [(name: String, value: [UInt8])]) -> [UInt8] {
        var filled: [UInt8] = []
        var rest = template[...]
        while let byte = rest.first {
            let found =
                byte == UInt8(ascii: "_") ? values.first(where: { rest.starts(with: $0.name.utf8) }) : nil
            filled += found?.value ?? [byte]
            rest = rest.dropFirst(found?.name.utf8.count ?? 1)
        }
        return filled
    }
}
