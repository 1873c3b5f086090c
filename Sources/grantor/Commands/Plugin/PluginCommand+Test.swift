// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import GrantKit
import GrantKitTesting
import OutsideText
import PluginLoading
import ServerConfiguration

extension PluginCommand {
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks a built plugin against the rules of the kit.",
            discussion: """
                Loads the library as the server does, and drives each part of the plugin on a host in memory. A \
                program behind '--', as in 'grantor plugin test -- python3 grant.py', is started as the server does. The \
                exit status is 1 if a rule is broken. In the value of a setting, '{folder}' is an empty folder, which \
                each rule has for itself.
                """)

        @Argument(help: "The library, whose name is 'lib<id>.so'.") var library: String?
        @Argument(parsing: .postTerminator, help: "A program that speaks the plugin protocol, in place of a library.")
        var command: [String] = []
        @Option(
            name: .customLong("setting"),
            help: .init("A setting of the plugin, as in a configuration. May be repeated.", valueName: "key=value"))
        var settings: [String] = []
        @Option(
            name: .customLong("with"),
            help: .init(
                "A parameter of the requests to a grant. (default: its example) May be repeated.",
                valueName: "grant.parameter=value"))
        var parameters: [String] = []
        @Option(help: "How many seconds a rule may take.") var limit = 10

        func validate() throws {
            guard 1...3600 ~= limit else { throw ValidationError("'--limit' must be from 1 to 3600") }
            guard (library == nil) != command.isEmpty else {
                throw ValidationError("name a library, or a program behind '--'")
            }
        }

        func run() async throws {
            defer { LogWriter.standardError.flush() }
            // Captured before the library is loaded, since it can print as soon as it is.
            let printed = PrintedText.capture()
            let (id, checks) = try checks()
            let run = RuleRun(id: id, checks: checks, limit: limit, printed: printed)
            // On a thread of its own: a plugin may block all those on which Swift runs tasks.
            let broken = await withCheckedContinuation { (continuation: CheckedContinuation<Int, Never>) in
                Thread.detachNewThread { continuation.resume(returning: run.report()) }
            }
            guard broken == 0 else { throw ExitCode.failure }
        }

        /// The rules of the plugin, and its id.
        private func checks() throws -> (String, [PluginCheck]) {
            let settings = try SettingWords(settings)
            guard let name = library else {
                let program = try TestedProgram(command, settings, limit: limit)
                return (TestedProgram.id, try program.underTest(ParameterWords(parameters)).checks)
            }
            if let foreign = try foreignLibrary(name) {
                let plugin = try TestedCPlugin(foreign, settings)
                return (foreign.id, try plugin.underTest(settings, ParameterWords(parameters)).checks)
            }
            let library = try load(name)
            let id = library.type.manifest.id
            let checks = try MakingWatch.during(limit, id) {
                try TestedPlugin(library, settings).underTest(settings, ParameterWords(parameters)).checks
            }
            return (id, checks)
        }

        /// The library if it has the C interface; nil if it is in Swift.
        private func foreignLibrary(_ library: String) throws -> CInterfaceLibrary? {
            let (id, path) = try place(of: library)
            guard CInterfaceLibrary.isOne(path) else { return nil }
            return try loading {
                try CInterfaceLibrary.watched(id, library: path, pinned: nil, search: PluginSearch([]))
            }
        }

        private func load(_ library: String) throws -> PluginLibrary {
            let (id, path) = try place(of: library)
            return try loading { try PluginLibrary.watched(id, library: path, pinned: nil, search: PluginSearch([])) }
        }

        private func loading<Library>(_ load: () throws -> Library) throws -> Library {
            do {
                return try load()
            } catch let error as PluginLoadingError {
                throw Failure(ShownText.onOneLine(error.description))
            }
        }

        /// The id in the name of a library, and its absolute path.
        private func place(of library: String) throws -> (id: String, path: String) {
            let path = URL(fileURLWithPath: library).standardizedFileURL.path
            let name = path.raw.cut(atLast: "/")?.behind ?? path.raw
            guard name.starts(with: "lib"), name.ends(with: ".so"), name.count > 6 else {
                throw Failure(
                    "'\(ShownText.onOneLine(library))' is not the library of a plugin, whose name is 'lib<id>.so'; "
                        + "'swift build' leaves it in '.build/debug'")
            }
            return (name.dropFirst(3).dropLast(3).string, path)
        }
    }
}
