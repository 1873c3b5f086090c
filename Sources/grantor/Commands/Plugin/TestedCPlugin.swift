// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
@_spi(Host) import GrantKitTesting
import OutsideText
import PluginLoading
import PluginProcesses
import ServerConfiguration

/// A plugin whose library has the C interface, described once, so that mistakes in its settings are found before any
/// rule is checked.
struct TestedCPlugin {
    private let library: CInterfaceLibrary
    private let description: PluginDescription

    /// Has the library describe itself.
    ///
    /// - Throws: `Failure` if it does not, or if a setting is not valid.
    init(_ library: CInterfaceLibrary, _ words: SettingWords) throws {
        self.library = library
        let settings = words.settings(in: "/tmp")
        do {
            description = try library.describe(settings, TestedCPlugin.server).description
        } catch {
            throw Failure(ShownText.onOneLine("the library cannot be tested: \(error)"))
        }
        let source = PluginSettings(settings)
        description.declare(to: source)
        if let problem = source.problems(of: library.id).first { throw Failure(ShownText.onOneLine(problem)) }
    }

    private static var server: ServerFacts {
        ServerFacts(issuer: TestHost().issuer, basePath: "/auth", algorithms: [])
    }

    /// The plugin with what its rules need.
    ///
    /// - Throws: `Failure` if parameters are not those of its grants.
    func underTest(_ words: SettingWords, _ parameters: ParameterWords) throws -> PluginUnderTest {
        let threads = LibraryThreads()
        let settings = words.settings(in: "/tmp")
        let plugin = PluginUnderTest(description.manifest, settings: settings) { [library] _, host in
            let (plugin, description) = try library.describe(settings, TestedCPlugin.server)
            return CInterfacePlugin(plugin, description, host, within: .seconds(10), on: threads.run)
        }
        var registry = Registry()
        try description.register(in: &registry, nil)
        return try parameters.applied(to: plugin, with: registry)
    }
}
