// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension Configuration {
    /// A signing key that the file declares.
    public struct DeclaredKey: Sendable, Equatable {
        /// Where the private half is.
        public enum Source: Sendable, Equatable {
            /// Here, in PEM or as a JWK, and what opens it.
            case text(Secret, passphrase: Secret?)
            /// At the provider, and what opens its token.
            case uri(String, pin: Secret)
        }

        /// Where the private half is.
        public var source: Source
        /// What it signs with, if its kind leaves a choice.
        public var algorithm: String?
        /// Where it stands.
        public var path: [PathStep]
    }

    /// A provider of OpenSSL that holds keys.
    public struct Provider: Sendable, Equatable {
        /// The name under which it is loaded.
        public var name = "provider"
        /// Its library.
        public var path = ""
        /// Its parameters, by their names in OpenSSL's configuration.
        public var parameters: [String: String] = [:]
    }

    /// What the file says of the server's own keys.
    public struct Keys: Sendable, Equatable {
        /// The keys that it declares.
        public var signing: [DeclaredKey] = []
        /// The provider that holds those of them that are named by a URI.
        public var provider: Provider?
        /// How long a key that the server made signs.
        public var rotateEvery = Duration.seconds(90 * 86400)
        /// How long a key is published before it signs.
        public var announce = Duration.seconds(86400)
        /// How long others may keep the published keys.
        public var cache = Duration.seconds(300)
        /// What private keys are sealed with in the store; the first one seals.
        public var seal: [Secret] = []
    }
}

/// Reads `keys`.
struct KeysSection {
    private var section: Section
    private var keys = Configuration.Keys()

    /// The section as a value; what is wrong is in the diagnostics.
    static func read(_ section: Section) -> Configuration.Keys {
        var reader = KeysSection(section: section)
        reader.read()
        return reader.keys
    }

    private init(section: Section) {
        self.section = section
    }

    private mutating func read() {
        readProvider()
        readSigning()
        readPeriods()
        keys.seal = (section.read("seal", as: [String].self) ?? []).map(Secret.init)
        section.finish()
    }

    // MARK: declared keys

    private mutating func readSigning() {
        let path = section.path + [.key("signing")]
        switch section.value("signing") {
        case nil: break
        case .array(let elements):
            for (number, element) in elements.enumerated() { readKey(element, at: path + [.element(number)]) }
        case .some(let value): readKey(value, at: path)
        }
    }

    private mutating func readKey(_ value: JSON, at path: [PathStep]) {
        if let text = value.string {
            let source = Configuration.DeclaredKey.Source.text(Secret(text), passphrase: nil)
            return keys.signing.append(.init(source: source, algorithm: nil, path: path))
        }
        // A reference that cannot be had is reported already.
        if value == .null { return }
        guard case .object = value else {
            return section.diagnostics.report(
                at: path, "a signing key must be a text in PEM or a mapping with 'pem' or 'uri'")
        }
        var entry = Section(value, at: path, label: "a signing key", section.diagnostics)
        let source = value["uri"] == nil ? readText(&entry) : readURI(&entry)
        let algorithm: String? = entry.read("algorithm")
        entry.finish()
        if let source { keys.signing.append(.init(source: source, algorithm: algorithm, path: path)) }
    }

    private func readText(_ entry: inout Section) -> Configuration.DeclaredKey.Source? {
        let pem: String? = entry.read("pem")
        let passphrase: String? = entry.read("passphrase")
        if entry.members["pem"] == nil {
            section.diagnostics.report(at: entry.path, "a signing key has neither 'pem' nor 'uri'")
        }
        return pem.map { .text(Secret($0), passphrase: passphrase.map(Secret.init)) }
    }

    // MARK: keys of a provider

    private func readURI(_ entry: inout Section) -> Configuration.DeclaredKey.Source? {
        let uri: String? = entry.read("uri")
        let pin: String? = entry.read("pin")
        if keys.provider == nil {
            entry.report("uri", "'uri' needs the provider that holds the key", note: "set 'keys.provider'")
        }
        guard let uri else { return nil }
        if uri.contains("pin-value") || uri.contains("pin-source") {
            entry.report("uri", "the PIN stands in 'uri'", note: "put it into 'pin', which no message shows")
        }
        // Without one the provider would ask on the terminal.
        let isToken = uri.hasPrefix("pkcs11:")
        if !(isToken ? 1...32 : 0...32).contains(pin?.utf8.count ?? 0), entry.members["pin"] != .some(.null) {
            section.diagnostics.report(at: entry.path, "a key of a token needs a 'pin' of 1 to 32 bytes")
        }
        return .uri(uri, pin: Secret(pin ?? ""))
    }

    private mutating func readProvider() {
        guard section.value("provider") != nil else { return }
        var entry = section.section("provider", label: "'provider'")
        var provider = Configuration.Provider()
        if let name: String = entry.read("name") { provider.name = name }
        if let path: String = entry.read("path") {
            provider.path = path
            if !path.hasPrefix("/") { entry.report("path", "'path' must be an absolute path") }
        } else if entry.members["path"] == nil, case .object = entry.members {
            section.report("provider", "'provider' has no 'path', which is the provider's library")
        }
        let parameters = entry.section("parameters", label: "'parameters'")
        for member in parameters.members.members {
            guard let text = member.value.string ?? member.value.integer.map(String.init) else {
                parameters.report(member.name, "a parameter must be a text or a whole number")
                continue
            }
            provider.parameters[member.name] = text
        }
        entry.finish()
        keys.provider = provider
    }

    // MARK: periods

    private mutating func readPeriods() {
        let shortest = Duration.seconds(2)
        if let span = section.read("rotate_every", in: shortest...(.days(3650))) { keys.rotateEvery = span }
        if let span = section.read("announce", in: shortest...(.days(365))) { keys.announce = span }
        if let span = section.read("cache", in: Duration.seconds(1)...(.days(7))) { keys.cache = span }
        if keys.announce < keys.cache + shortest {
            report(
                ["announce", "cache"], "a key would sign before everybody can know it",
                "'announce' must be at least 'cache' (\(text(keys.cache))) and 2 seconds")
        }
        if keys.rotateEvery <= keys.announce {
            report(
                ["rotate_every", "announce"], "a key would be announced before the one before it signs",
                "'rotate_every' must be longer than 'announce' (\(text(keys.announce)))")
        }
    }

    private func text(_ span: Duration) -> String {
        span.setting.string ?? ""
    }

    /// At the first of some keys that the file has.
    private func report(_ names: [String], _ message: String, _ note: String) {
        let name = names.first { section.members[$0] != nil } ?? names[0]
        section.report(name, message, note: note)
    }
}

extension Duration {
    fileprivate static func days(_ number: Int64) -> Duration { .seconds(number * 86400) }
}
