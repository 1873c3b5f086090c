// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import ServerConfiguration
import Support

/// What is reported about the settings of a plugin, as the server reads them.
struct ProblemsOfPlugin {
    let text: String
    /// The settings as the reference shows them.
    let declarations: [SettingDeclaration]

    init(_ type: any Plugin.Type, _ settings: JSON?) {
        self.init(settings) { _ = try type.init(settings: $0, host: NoHost()) }
    }

    init(_ settings: JSON?, reading read: (Settings) throws -> Void) {
        let (_, diagnostics) = Configuration.read(
            Array("issuer: http://127.0.0.1:8080\nplugins: [{ plugin: mine }]".utf8), name: "config.yaml",
            references: ReferenceSources(environment: { _ in nil }, file: { _ in [] }, exposure: { _ in nil }))
        let source = PluginSettings(settings)
        let path: [PathStep] = [.key("plugins"), .element(0), .key("settings")]
        do {
            try read(Settings(source))
        } catch {
            diagnostics.report(at: path, "\((error as? ConfigurationError)?.message ?? "\(error)")")
        }
        source.finish("mine", at: path, diagnostics)
        text = diagnostics.lines.map(\.message).joined(separator: "\n")
        declarations = source.declarations
    }
}
