// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OutsideText
import PluginScaffold

extension PluginCommand {
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes the package of a new plugin.",
            discussion: """
                The package builds and passes its tests as it is. It has one source file, which is a complete plugin \
                of the kind that you choose, and one test file. Nothing is ever overwritten.
                """)

        @Argument(help: "The plugin's id, such as 'badge-grant'.") var id: String
        @Option(help: "What the plugin adds.") var kind = PluginKind.grant
        @Option(help: "The folder of the package. (default: the id)") var path: String?
        @Option(help: "The kit. (default: 'Sources/GrantKit' of the clone in which this program was built)")
        var kit: String?

        func run() throws {
            do {
                let id = try PluginID(id)
                guard !OwnPlugins.ids.contains(id.text) else {
                    throw Failure("'\(id.text)' is a plugin that comes with the server; choose another id")
                }
                let place = path ?? id.text
                let template = try write(id, to: place)
                StandardOutput.print(report(id, template, at: place))
            } catch let error as ScaffoldError {
                throw Failure(error.description)
            }
        }

        private func write(_ id: PluginID, to place: String) throws -> PackageTemplate {
            let kit = try kit.map { try KitFolder(named: $0) } ?? KitFolder(above: Installation.program)
            guard kit.canBeUsed(from: place) else {
                throw Failure("a package cannot be in a folder with the name of the kit's; name another with --path")
            }
            let folder = try PackageFolder(place)
            let template = PackageTemplate(id, kind, kit: kit.path(from: folder.path))
            try folder.write(template.files)
            return template
        }

        private func report(_ id: PluginID, _ template: PackageTemplate, at place: String) -> String {
            let files = [
                [template.sourcePath, "the plugin"], [template.testPath, "its tests"],
                ["README.md", "how to build, test, configure and share it"], ["Package.swift"], [".gitignore"],
            ]
            return """
                written to \(ShownText.onOneLine(place)):
                \(Table.render(files))

                next:
                  cd \(CurlRequest.quoted(place))
                  swift test
                  swift build && \(Installation.command) plugin test .build/debug/lib\(id.text).so\(kind.testOptions)
                """
        }
    }
}
