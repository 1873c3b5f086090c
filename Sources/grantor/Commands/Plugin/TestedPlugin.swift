// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import GrantKitTesting
import OutsideText
import PluginLoading
import ServerConfiguration

/// A loaded plugin that was made once with its settings, so that mistakes in them are found before any rule is checked.
struct TestedPlugin {
    private let library: PluginLibrary
    private let registry: Registry

    /// Makes the plugin.
    ///
    /// - Throws: `Failure` if a setting is missing, invalid or unknown, or if the plugin cannot be made.
    init(_ library: PluginLibrary, _ words: SettingWords) throws {
        self.library = library
        let id = library.type.manifest.id
        let source = PluginSettings(words.settings(in: "/tmp"))
        do {
            registry = try library.create(Settings(source), host: TestHost().lent).registry
        } catch let error as ConfigurationError {
            // Reading a setting may have reported this problem already.
            let known = error.key.map { source.hasProblem(at: $0) } ?? false
            let problem = known ? source.problems(of: id).first ?? error.message : error.message
            throw Failure(
                "plugin '\(id)': \(ShownText.onOneLine(problem)); give its settings with '--setting key=value'")
        } catch {
            throw Failure("plugin '\(id)' cannot be made: \(ShownText.onOneLine("\(error)"))")
        }
        if let problem = source.problems(of: id).first { throw Failure(ShownText.onOneLine(problem)) }
    }

    /// The plugin with what its rules need.
    ///
    /// - Throws: `Failure` if parameters are not those of its grants.
    func underTest(_ settings: SettingWords, _ parameters: ParameterWords) throws -> PluginUnderTest {
        let plugin = PluginUnderTest(library.type) { settings.settings(in: $0) }
        return try parameters.applied(to: plugin, with: registry)
    }
}
