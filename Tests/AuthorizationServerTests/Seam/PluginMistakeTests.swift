// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import ServerConfiguration
import Support
import Testing

@testable import AuthorizationServer

/// A plugin that reads the settings that a test chooses.
struct Reading: Plugin {
    static let manifest = PluginManifest(id: "reading", summary: "", specification: "")

    init(settings: Settings, host: any PluginHost) {
        for level in Reading.levels {
            switch level {
            case .client: _ = settings.clientAttribute(Reading.name, default: "", "test")
            case .everyGrant: _ = settings.grantAttribute(Reading.name, default: "", "test")
            case .grant(let key): _ = settings.clientAttribute(Reading.name, under: key, default: "", "test")
            @unknown default: break
            }
        }
    }

    func register(in registry: inout Registry) {}

    @TaskLocal static var name = "x"
    @TaskLocal static var levels: [AttributeLevel] = []
}

@Suite("Mistakes of a plugin's author are found when it is loaded", .timeLimit(.minutes(10)))
struct PluginMistakeTests {
    private func problem(_ name: String, _ levels: [AttributeLevel]) async -> String? {
        await Reading.$name.withValue(name) {
            await Reading.$levels.withValue(levels) {
                do {
                    _ = try await TestServer(Plugins.all + [.init(Reading.self)])
                    return nil
                } catch {
                    return (error as? ConfigurationError)?.message
                }
            }
        }
    }

    @Test(
        "an attribute that the core reads itself is refused",
        arguments: [
            "id", "secret", "active", "name", "scope", "grant_types", "auth", "allowed_origins", "redirect_uri",
            "first_party",
            "logo_uri",
        ])
    func ofClients(_ name: String) async {
        #expect(await problem(name, [.client])?.contains("'\(name)' of clients, which belongs to the core") == true)
    }

    @Test(
        "a grant attribute that the core reads itself is refused, for one grant and for all",
        arguments: ["token_format", "access_token_expiration", "audience", "secret_required", "redirect_uri"])
    func ofGrants(_ name: String) async {
        for level in [.everyGrant, .grant("client_credentials")] as [AttributeLevel] {
            #expect(await problem(name, [level])?.contains("which belongs to the core") == true)
        }
    }

    @Test("an attribute of one grant and one of every grant conflict")
    func overlap() async {
        #expect(
            await problem("own", [.everyGrant, .grant("client_credentials")])?
                .contains("plugin 'reading' adds the attribute 'own' of the grant 'client_credentials' twice") == true)
        #expect(await problem("own", [.grant("a"), .grant("b")]) == nil)
        #expect(await problem("own", [.client, .everyGrant]) == nil, "these are in different places")
    }

    @Test("what to do about a name that is taken depends on who has it")
    func taken() {
        let collection = NameClaim(.collection, "user")
        let cases: [(NameClaim, String, String)] = [
            (collection, "core", "ask its author to name it after the plugin, such as 'badge_grant_user'"),
            (collection, "badge-grant", "ask its author to remove or rename one of them"),
            (collection, "other", "load one of them, or ask the author of one to choose another name"),
            (NameClaim(.path, "/token"), "core", "ask its author to choose another path"),
            (NameClaim(.store), "other", "load one of them"),
        ]
        for (claim, owner, remedy) in cases {
            let given = claim.remedy(for: "badge-grant", takenBy: owner)
            #expect(given == remedy)
        }
    }

    private func reported(_ read: (Settings) -> Void) -> String {
        let (_, diagnostics) = Configuration.read(
            Array("plugins: [{ plugin: mine, settings: { color: red } }]".utf8), name: "config.yaml",
            references: ReferenceSources(environment: { _ in nil }, file: { _ in [] }, exposure: { _ in nil }))
        let source = PluginSettings(["color": "red"])
        read(Settings(source))
        source.finish("mine", at: [.key("plugins"), .element(0), .key("settings")], diagnostics)
        return diagnostics.text
    }

    @Test("a setting named 'env' or 'file' is refused, since a mapping with only this key is a reference")
    func reserved() {
        for name in ["env", "file"] {
            let text = reported { settings in
                _ = settings.read("color", default: "", "test")
                _ = settings.read(name, default: "", "test")
            }
            #expect(text.contains("plugin 'mine' cannot be used: it reads the setting '\(name)'"), "\(text)")
            let other = reported { settings in
                _ = settings.read("color", default: "", "test")
                _ = settings.clientAttribute(name, default: "", "test")
            }
            #expect(other.contains("it declares the client attribute '\(name)'"), "\(other)")
        }
    }

    @Test("a setting that is read twice must be the same both times")
    func twice() {
        let kinds = reported { settings in
            _ = settings.read("color", default: "", "test")
            _ = settings.read("color", default: false, "test")
        }
        #expect(kinds.contains("it reads the setting 'color' twice, as a string and as true or false"), "\(kinds)")
        let defaults = reported { settings in
            _ = settings.read("color", default: "blue", "test")
            _ = settings.read("color", default: "green", "test")
        }
        #expect(defaults.contains("with different defaults or bounds"), "\(defaults)")
        let same = reported { settings in
            _ = settings.read("color", default: "blue", "test")
            _ = settings.read("color", default: "blue", "test")
        }
        #expect(!same.contains("plugin 'mine'"), "\(same)")
    }
}
