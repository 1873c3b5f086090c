// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Host) import GrantKit
@_spi(Host) import GrantKitTesting
import Logging
import OutsideText
import PluginProcesses
import ServerConfiguration

/// A plugin that is a program, started once for its description, so that mistakes in it are found before any rule is
/// checked.
struct TestedProgram {
    /// The id that the program gets.
    static let id = "tested-program"

    private let program: PluginProgram
    private let description: PluginDescription

    /// Starts the program and reads its description.
    ///
    /// - Parameters:
    ///   - command: The program and its arguments; names are resolved as a shell does.
    ///   - words: The settings.
    ///   - limit: How many seconds a call may take.
    /// - Throws: `Failure` if the program does not describe itself, or a setting is not valid.
    init(_ command: [String], _ words: SettingWords, limit: Int) throws {
        var limits = ProcessLimits()
        limits.call = .seconds(limit)
        program = PluginProgram(
            plugin: TestedProgram.id, arguments: try TestedProgram.absolute(command),
            settings: words.settings(in: "/tmp"),
            server: ServerFacts(issuer: TestHost().issuer, basePath: "/auth", algorithms: []), limits: limits,
            permissions: Set(HostPermission.allCases))
        do {
            description = try PluginDescription(form: try PluginDescriber.describe(program), of: TestedProgram.id)
        } catch {
            throw Failure(ShownText.onOneLine("the program cannot be tested: \(error)"))
        }
        let source = PluginSettings(program.settings)
        description.declare(to: source)
        if let problem = source.problems(of: TestedProgram.id).first { throw Failure(ShownText.onOneLine(problem)) }
    }

    /// The plugin with what its rules need.
    ///
    /// - Throws: `Failure` if parameters are not those of its grants.
    func underTest(_ parameters: ParameterWords) throws -> PluginUnderTest {
        let plugin = PluginUnderTest(description.manifest, settings: program.settings) {
            [program, description] _, host in
            let quiet = Logger(label: "grantor") { _ in SwiftLogNoOpLogHandler() }
            return PluginProcesses(program, description, host, quiet)
        }
        var registry = Registry()
        try description.register(in: &registry, nil)
        return try parameters.applied(to: plugin, with: registry)
    }

    /// A command with absolute paths, since the program has neither a search path nor this folder.
    private static func absolute(_ command: [String]) throws -> [String] {
        guard let name = command.first else { throw Failure("name a program behind '--'") }
        let folders = ProcessInfo.processInfo.environment["PATH"]?.raw.split(at: ":").map(\.string) ?? []
        let places = name.raw.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
        guard let found = places.first(where: FileManager.default.isExecutableFile) else {
            throw Failure("there is no program '\(ShownText.onOneLine(name))'")
        }
        let rest = command.dropFirst().map { FileManager.default.fileExists(atPath: $0) ? path($0) : $0 }
        return [path(found)] + rest
    }

    private static func path(_ name: String) -> String {
        URL(fileURLWithPath: name).standardizedFileURL.path
    }
}
