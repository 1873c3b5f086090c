// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Node {
    fileprivate var isNull: Bool {
        if case .scalar(let text, true) = content { ValueReader.typed(text) == .null } else { false }
    }

    /// The value at a path that starts at this one; nil if there is none.
    fileprivate func value(at path: ArraySlice<PathStep>) -> Node? {
        switch (path.first, content) {
        case (nil, _): self
        case (.key(let name)?, .mapping(let entries)):
            entries.first { $0.key == name }?.value.value(at: path.dropFirst())
        case (.element(let number)?, .sequence(let elements)) where elements.indices.contains(number):
            elements[number].value(at: path.dropFirst())
        default: nil
        }
    }
}

extension Configuration {
    /// Reads a configuration file.
    ///
    /// - Parameters:
    ///   - bytes: The file's content.
    ///   - name: The file's name in messages.
    ///   - references: Resolves `env:` and `file:`.
    /// - Returns: The configuration, which must not be used if the diagnostics have errors, and the diagnostics.
    public static func read(
        _ bytes: [UInt8], name: String, references: ReferenceSources
    ) -> (configuration: Configuration, diagnostics: Diagnostics) {
        guard bytes.count <= 4 << 20 else {
            let diagnostics = Diagnostics(SourceFile.parse([], name: name).file)
            diagnostics.reportUnreadable("the file is larger than 4 MiB", note: "move clients and users to the store")
            return (Configuration(), diagnostics)
        }
        let (file, error) = SourceFile.parse(bytes, name: name)
        let diagnostics = Diagnostics(file)
        if let error { diagnostics.report(error) }
        guard let root = file.root, !root.isNull else {
            if error == nil {
                diagnostics.reportUnreadable("the file is empty", note: "it needs at least 'issuer' and 'plugins'")
            }
            return (Configuration(), diagnostics)
        }
        guard case .mapping = root.content else {
            diagnostics.reportUnreadable("the configuration must be a mapping from keys to values", at: [])
            return (Configuration(), diagnostics)
        }
        var reader = ConfigurationReader(root, references, diagnostics)
        return (reader.read(), diagnostics)
    }
}

/// Reads all sections of a file, so that one run finds every problem.
struct ConfigurationReader {
    private var root: Section
    private let node: Node
    private let diagnostics: Diagnostics
    private var configuration = Configuration()

    init(_ node: Node, _ references: ReferenceSources, _ diagnostics: Diagnostics) {
        let json = ValueReader(references: references, diagnostics: diagnostics).json(node, at: [])
        root = Section(json, at: [], label: "the configuration", diagnostics)
        self.node = node
        self.diagnostics = diagnostics
    }

    mutating func read() -> Configuration {
        readIssuer()
        readListen()
        readMonitoring()
        readPaths()
        readPlugins()
        readKeys()
        readPages()
        readOutbound()
        readLog()
        configuration.clients = readList("clients")
        configuration.users = readList("users")
        checkDemoSecrets()
        root.finish()
        return configuration
    }

    // MARK: issuer

    private mutating func readIssuer() {
        guard let issuer: String = root.read("issuer") else {
            if root.members["issuer"] == nil || root.members["issuer"] == .some(.null) {
                diagnostics.report(
                    at: [.key("issuer")], key: true, "'issuer' is missing",
                    note: "set it to the URL that clients use, such as https://id.example.com")
            }
            return
        }
        configuration.issuer = issuer
        if let (problem, note) = IssuerRule.problem(issuer) { root.report("issuer", problem, note: note) }
    }

    // MARK: addresses

    private mutating func readListen() {
        var section = root.section("listen", label: "'listen'")
        if let host = readHost(&section) { configuration.listen.host = host }
        if let port = section.read("port", in: Int64(0)...65535) { configuration.listen.port = Int(port) }
        if section.value("tls") != nil { readTLS(&section) }
        configuration.listen.trustedProxies = section.read("trusted_proxies") ?? []
        if let most = section.read("max_connections", in: Int64(1)...1_000_000) {
            configuration.listen.maxConnections = Int(most)
        }
        let bounds: ClosedRange<Duration> = .seconds(1)...(.seconds(120))
        if let limit = section.read("header_timeout", in: bounds) { configuration.listen.headerTimeout = limit }
        if let limit = section.read("body_timeout", in: bounds) { configuration.listen.bodyTimeout = limit }
        section.finish()
    }

    private func readHost(_ section: inout Section) -> String? {
        guard let text: String = section.read("host") else { return nil }
        if HostName.isHost(text) { return text }
        section.report(
            "host", "'host' must be a host name or an IP address of this machine",
            note: "write an IP address without brackets, such as 127.0.0.1 or ::1")
        return nil
    }

    private mutating func readTLS(_ listen: inout Section) {
        var section = listen.section("tls", label: "'tls'")
        let certificate: String? = section.read("certificate")
        let key: String? = section.read("key")
        var strict = section.section("hsts", label: "'hsts'")
        let maxAge = strict.read("lifetime", in: Duration.seconds(0)...(.seconds(730 * 86400)))
        let includesSubdomains: Bool? = strict.read("include_subdomains")
        strict.finish()
        section.finish()
        guard let certificate, let key else {
            let isGiven = section.members["certificate"] != nil && section.members["key"] != nil
            guard case .object = section.members, !isGiven else { return }
            return listen.report("tls", "'tls' needs both 'certificate' and 'key'")
        }
        var tls = Configuration.TLS(certificate: certificate, key: key)
        if let maxAge { tls.strictTransport = maxAge }
        tls.includesSubdomains = includesSubdomains ?? false
        configuration.listen.tls = tls
    }

    private mutating func readMonitoring() {
        guard root.members["monitoring"] != nil else { return _ = root.value("monitoring") }
        var section = root.section("monitoring", label: "'monitoring'")
        var monitoring = Configuration.Monitoring()
        if let host = readHost(&section) { monitoring.host = host }
        if let port = section.read("port", in: Int64(0)...65535) { monitoring.port = Int(port) }
        section.finish()
        configuration.monitoring = monitoring
    }

    private mutating func readOutbound() {
        configuration.outbound = OutboundSection.read(root.section("outbound", label: "'outbound'"))
    }

    private mutating func readPaths() {
        var section = root.section("paths", label: "'paths'")
        if let base: String = section.read("base") {
            configuration.basePath = checkedPath(base, at: section.path + [.key("base")])
        }
        if let aliases: [String] = section.read("aliases") {
            let path = section.path + [.key("aliases")]
            configuration.aliasPaths = aliases.enumerated().map { checkedPath($1, at: path + [.element($0)]) }
        }
        section.finish()
    }

    private func checkedPath(_ path: String, at place: [PathStep]) -> String {
        let isFine =
            path.hasPrefix("/") && !path.hasSuffix("/") && !path.contains("//")
            && path.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x3F && $0 != 0x23 && $0 != 0x25 }
        if !isFine { diagnostics.report(at: place, "'\(path)' is not a path", note: "write a path such as /auth") }
        return path
    }

    // MARK: plugins

    private mutating func readPlugins() {
        configuration.pluginPath = root.read("plugin_path", as: [String].self) ?? []
        configuration.defaultTokenFormat = root.read("default_token_format")
        guard let list = root.value("plugins") else {
            configuration.arePluginsComplete = false
            return diagnostics.report(at: [], "'plugins' is missing", note: "list the plugins to load")
        }
        guard case .array(let entries) = list else {
            configuration.arePluginsComplete = false
            return root.report("plugins", "'plugins' must be a list")
        }
        for (number, entry) in entries.enumerated() { readPlugin(entry, at: [.key("plugins"), .element(number)]) }
    }

    private mutating func readPlugin(_ entry: JSON, at path: [PathStep]) {
        if let id = entry.string { return add(Configuration.PluginEntry(id: id, settings: [:], path: path)) }
        guard case .object = entry else {
            configuration.arePluginsComplete = false
            return diagnostics.report(at: path, "a plugin must be an id or a mapping")
        }
        var section = Section(entry, at: path, label: "a plugin", diagnostics)
        let id: String? = section.read("plugin")
        let library: String? = section.read("library")
        let digest: String? = section.read("sha256")
        let settings = section.section("settings", label: "'settings'").members
        let deadline = section.read("deadline", in: Duration.seconds(1)...(.seconds(60)))
        let isOnEventLoop: Bool? = section.read("on_event_loop")
        let (process, isValid) = PluginProcessSection.read(&section)
        section.finish()
        if isValid, var entry = readEntry(id, library, digest, settings, section) {
            (entry.deadline, entry.isOnEventLoop, entry.process) = (deadline, isOnEventLoop, process)
            add(entry)
        } else {
            configuration.arePluginsComplete = false
        }
    }

    private func readEntry(
        _ id: String?, _ library: String?, _ digest: String?, _ settings: JSON, _ section: Section
    ) -> Configuration.PluginEntry? {
        guard let id else {
            if section.members["plugin"] == nil {
                diagnostics.report(at: section.path, "a plugin has no 'plugin', which must be its id")
            }
            return nil
        }
        if let library, !library.hasPrefix("/") {
            section.report("library", "'library' must be an absolute path")
            return nil
        }
        if let digest, digest.count != 64 || !digest.allSatisfy(\.isHexDigit) {
            section.report("sha256", "'sha256' must be 64 hexadecimal digits", note: "'sha256sum' prints them")
            return nil
        }
        var members = settings
        if case .object = settings {} else { members = [:] }
        return Configuration.PluginEntry(
            id: id, library: library, sha256: digest?.lowercased(), settings: members,
            shownSettings: shown(at: section.path + [.key("settings")]), path: section.path)
    }

    /// A value as it may be shown; an empty mapping if there is none.
    private func shown(at path: [PathStep]) -> JSON {
        node.value(at: path[...]).map { Sensitive.masked(ValueReader.written($0), at: path) } ?? [:]
    }

    private mutating func add(_ entry: Configuration.PluginEntry) {
        let isFine =
            !entry.id.isEmpty
            && entry.id.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
            }
        if !isFine {
            configuration.arePluginsComplete = false
            diagnostics.report(
                at: entry.path, "'\(entry.id)' is not a plugin id: use lower-case letters, digits and hyphens")
        } else if configuration.plugins.contains(where: { $0.id == entry.id }) {
            diagnostics.report(at: entry.path, "the plugin '\(entry.id)' is listed twice", note: "remove one")
        } else {
            configuration.plugins.append(entry)
        }
    }

    // MARK: the rest

    private mutating func readKeys() {
        configuration.keys = KeysSection.read(root.section("keys", label: "'keys'"))
    }

    private mutating func readPages() {
        configuration.pages = PagesSection.read(
            root.section("pages", label: "'pages'"), scopes: root.section("scopes", label: "'scopes'"))
        var sessions = root.section("sessions", label: "'sessions'")
        if let lifetime = sessions.read("lifetime", in: Duration.seconds(60)...(.seconds(90 * 86400))) {
            configuration.sessionLifetime = lifetime
        }
        sessions.finish()
    }

    private mutating func readLog() {
        var section = root.section("log", label: "'log'")
        if let level: String = section.read("level") { configuration.logLevel = level }
        if let format: String = section.read("format") { configuration.logFormat = format }
        section.finish()
        let levels = ["trace", "debug", "info", "notice", "warning", "error"]
        if !levels.contains(configuration.logLevel) {
            let note = Suggestion.note(for: configuration.logLevel, among: levels)
            section.report("level", "'\(configuration.logLevel)' is not a log level", note: note)
        }
        if !["auto", "human", "json"].contains(configuration.logFormat) {
            section.report("format", "'format' must be auto, human or json")
        }
        if let limit = root.read("shutdown_limit", in: Duration.seconds(0)...(.seconds(600))) {
            configuration.shutdownLimit = limit
        }
    }

    private mutating func readList(_ key: String) -> [JSON] {
        guard let list = root.value(key) else { return [] }
        guard case .array(let elements) = list else {
            root.report(key, "'\(key)' must be a list")
            return []
        }
        return elements
    }

    /// Reports secrets that occur in examples, which everybody knows, unless only this machine can reach the server.
    private func checkDemoSecrets() {
        guard !configuration.listen.isLoopback || !configuration.hasLoopbackIssuer else { return }
        let note = configuration.listen.isLoopback ? "use an issuer on 127.0.0.1" : "listen on 127.0.0.1"
        let documents = [("clients", "secret", configuration.clients), ("users", "password", configuration.users)]
        for (list, key, entries) in documents {
            for (number, entry) in entries.enumerated() where (entry[key]?.strings ?? []).contains(where: isDemo) {
                diagnostics.report(
                    at: [.key(list), .element(number), .key(key)],
                    "a demo secret would be reachable from other machines",
                    note: "replace it, or \(note)")
            }
        }
    }

    private func isDemo(_ secret: String) -> Bool {
        secret.hasPrefix("demo-") || ["secret", "verysecret", "password", "changeme"].contains(secret)
    }
}
