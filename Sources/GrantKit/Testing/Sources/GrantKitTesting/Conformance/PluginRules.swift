// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The rules for every plugin.
enum PluginRules {
    static let all: [Rule] = [
        Rule(.plugin, "its id is a word, and it has a summary", manifest),
        Rule(.plugin, "its names are words, and none of them is the server's", names),
        Rule(.plugin, "each setting has a purpose and a key in snake case", settings),
        Rule(.plugin, "a wrong setting is a problem with the configuration, and nothing worse", wrong),
        Rule(.plugin, "it is not made without a setting that is required", missing),
        Rule(.plugin, "it does no input or output before it starts", quiet),
        Rule(.plugin, "it adds the same each time it is made, also beside a hundred others", same),
        Rule(.plugin, "it starts and stops, and starts before its predecessor stops", starts),
        Rule(.plugin, "if the store fails while it starts, it does not start", storeFails),
    ]

    // MARK: names

    private static func manifest(_ subject: PluginUnderTest) async throws {
        let (id, summary) = (subject.manifest.id, subject.manifest.summary)
        let isWord = isName(id, with: UInt8(ascii: "-"))
        try expect(
            isWord,
            "the id '\(id)' is not a word: use lower-case letters, digits and hyphens, since the library has it "
                + "as its name")
        try expect(!summary.isEmpty, "the manifest has no summary: say in a few words what the plugin adds")
        try expect(
            !summary.utf8.contains { $0 < 0x20 }, "the summary has several lines: say it in a few words")
    }

    /// Whether a name has only lower-case letters, digits and one kind of separator, and begins with a letter.
    private static func isName(_ name: String, with separator: UInt8) -> Bool {
        guard let first = name.utf8.first, 0x61...0x7A ~= first, name.utf8.last != separator else { return false }
        return name.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == separator }
    }

    private static func names(_ subject: PluginUnderTest) async throws {
        let (given, registry) = try subject.registered(subject.goodSettings)
        let attributes = given.attributeDeclarations.map { (what: ServerNames.kind(of: $0), name: $0.name) }
        for (what, name) in registry.names + attributes {
            try expect(
                Scope.isWord(name),
                "the \(what) '\(name)' is not a word: use ASCII letters, digits and punctuation, but no space, "
                    + "quotation mark or backslash")
            let isTaken = ServerNames.all.contains { $0.what == what && $0.names.contains(name) }
            try expect(
                !isTaken,
                "the \(what) '\(name)' is the server's own, so the server does not start: choose another name")
        }
    }

    // MARK: settings

    private static func settings(_ subject: PluginUnderTest) async throws {
        let declared = try subject.registered(subject.goodSettings).given.declarations
        for (number, setting) in declared.enumerated() {
            try expect(
                declared.prefix(number).allSatisfy { isSame($0, setting) },
                "the setting '\(setting.key)' is read twice, with different kinds, defaults or bounds, so the server "
                    + "does not start: read it once, and keep the value")
            // The key of a list's element follows that of the list.
            let key = setting.key.utf8.split(separator: UInt8(ascii: ".")).last.map { String(Substring($0)) } ?? ""
            try expect(
                isName(key, with: UInt8(ascii: "_")),
                "the setting '\(key)' is not in snake case: use lower-case letters, digits and '_'")
            try expect(!["env", "file"].contains(key), "the name of the setting '\(key)' is reserved for references")
            try expect(!setting.help.isEmpty, "the setting '\(key)' has no purpose: say in one sentence what it is for")
            let words = ["secret", "password", "credential"]
            try expect(
                !setting.isSecret || words.contains { Array(key.utf8).holds($0) },
                "the setting '\(key)' is a secret, and its key does not say so: let it contain 'secret', 'password' "
                    + "or 'credential', so that messages do not quote its line")
        }
    }

    /// Whether a server accepts both declarations in one plugin.
    private static func isSame(_ former: SettingDeclaration, _ next: SettingDeclaration) -> Bool {
        guard former.key == next.key else { return true }
        return former.expectation == next.expectation && former.fallback == next.fallback
            && former.bounds == next.bounds
    }

    private static let values: [JSON] = {
        let plain: [JSON] = [
            .bool(true), .bool(false), .integer(0), .integer(-1), .integer(.max), .integer(.min), .number(0.5),
            .string(""), .string("0s"), .string("-1s"), .string("9223372036854775807d"), .array([]), .object([]),
            .array([.null]), .array([.string("")]), .array([.object([])]), ["a": ["b": .null]],
            .array(Array(repeating: .string("x"), count: 2000)),
        ]
        return plain + HostileText.all.map { .string($0) }
    }()

    private static func wrong(_ subject: PluginUnderTest) async throws {
        let good = subject.goodSettings
        for setting in try subject.registered(good).given.declarations {
            for value in values {
                do {
                    _ = try subject.registered(changed(good, setting, to: value))
                } catch is ConfigurationError {
                } catch {
                    throw ConformanceFailure(
                        "with the setting '\(setting.key)' as \(String(decoding: value.bytes.prefix(200), as: UTF8.self)), "
                            + "it throws \(error): throw ConfigurationError(..., at: \"\(setting.key)\")")
                }
            }
        }
    }

    private static func missing(_ subject: PluginUnderTest) async throws {
        let good = subject.goodSettings
        for setting in try subject.registered(good).given.declarations where setting.fallback == nil {
            do {
                let given = try subject.registered(changed(good, setting, to: nil)).given
                try expect(
                    !given.problems.isEmpty,
                    "it says that the setting '\(setting.key)' is required, and is made without it: let the error of "
                        + "read through, or give the setting a default")
            } catch is ConfigurationError {
            }
        }
    }

    /// The good settings with another value of one setting; in a list, that of the first element.
    private static func changed(_ good: JSON, _ setting: SettingDeclaration, to value: JSON?) -> JSON {
        var changed = good
        let parts = setting.key.utf8.split(separator: UInt8(ascii: ".")).map { String(Substring($0)) }
        guard parts.count == 2, let first = parts.first, let key = parts.last else {
            changed[setting.key] = value
            return changed
        }
        let list = String(decoding: first.utf8.dropLast(2), as: UTF8.self)
        var elements = good[list]?.elements ?? []
        var element = elements.first ?? [:]
        element[key] = value
        elements = [element] + elements.dropFirst()
        changed[list] = .array(elements)
        return changed
    }

    // MARK: the life of a plugin

    private static func quiet(_ subject: PluginUnderTest) async throws {
        let host = try await subject.host()
        let before = (host.store.calls, host.network.sent.count)
        _ = try await subject.prepared(on: host)
        // What it may have begun in a task of its own.
        for _ in 0..<20 { await Task.yield() }
        try expect(
            host.store.calls == before.0, "init or register uses host.store, which is not open yet: use it in start")
        try expect(
            host.network.sent.count == before.1,
            "init or register sends a request, and so does a check of the configuration: send it in start")
        try expect(
            host.events.recorded.isEmpty,
            "init or register records the event '\(host.events.recorded.first?.kind.rawValue ?? "")', and so does a "
                + "check of the configuration: record it in start")
        let errors = host.log.lines.filter { $0.level == .error }
        try expect(
            errors.isEmpty,
            "init or register logs the error '\(errors.first?.message ?? "")': throw a ConfigurationError instead")
    }

    private static func same(_ subject: PluginUnderTest) async throws {
        let first = try subject.registry().outline
        var plugins: [TestPlugin] = []
        for _ in 0..<100 { plugins.append(try await subject.prepared(on: try await subject.host(), folder: "/")) }
        for plugin in plugins {
            for outline in [plugin.registry.outline, try TestRegistry(plugin.plugin).outline] {
                let differs = zip(first, outline).first { $0 != $1 }
                try expect(
                    differs == nil && first.count == outline.count,
                    "the first of several instances adds \(differs?.0 ?? "\(first.count) names"), and another one "
                        + "\(differs?.1 ?? "\(outline.count) names"): let what it adds depend only on its settings")
            }
        }
    }

    private static func starts(_ subject: PluginUnderTest) async throws {
        let (host, folder) = (try await subject.host(), try ScratchFolders.current.make())
        let unused = try await subject.prepared(on: host, folder: folder)
        await unused.plugin.stop()
        var former = try await subject.prepared(on: host, folder: folder)
        try await start(former, "a plugin after another one that never started")
        for number in 1...3 {
            let next = try await subject.prepared(on: host, folder: folder)
            try await start(next, "the plugin of reload \(number), before its predecessor has stopped,")
            await former.plugin.stop()
            former = next
        }
        await former.plugin.stop()
        await former.plugin.stop()
    }

    private static func start(_ plugin: TestPlugin, _ what: String) async throws {
        do {
            try await plugin.plugin.start()
        } catch {
            throw ConformanceFailure("\(what) does not start: \(error)")
        }
    }

    private static func storeFails(_ subject: PluginUnderTest) async throws {
        let calls = try await subject.run { $0.host.store.calls }
        for skipped in 0..<calls {
            let host = try await subject.host()
            let plugin = try await subject.prepared(on: host)
            host.store.fail(after: skipped, count: 1)
            do {
                try await plugin.plugin.start()
            } catch {
                continue
            }
            let wasReached = host.store.calls > skipped
            await plugin.plugin.stop()
            try expect(
                !wasReached,
                "call \(skipped + 1) of the store failed in start, and it started nevertheless: let the error through, so "
                    + "that the server does not start without what is missing")
        }
    }
}
