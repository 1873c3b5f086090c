// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension Configuration {
    /// A signing key declared in the file.
    public struct DeclaredKey: Sendable, Equatable {
        /// The source of a private key.
        public enum Source: Sendable, Equatable {
            /// A private key in PEM format or as a JWK, with the passphrase of an encrypted one.
            case text(Secret, passphrase: Secret?)
            /// A key held by the provider, with the PIN of its token.
            case uri(String, pin: Secret)
        }

        /// The source of the private key.
        public var source: Source
        /// The algorithm, if the kind of key leaves a choice.
        public var algorithm: String?
        /// The path of the key in the file.
        public var path: [PathStep]
    }

    /// An OpenSSL provider that holds keys.
    public struct Provider: Sendable, Equatable {
        /// The name under which OpenSSL loads the provider.
        public var name = "provider"
        /// The path of the provider's library.
        public var path = ""
        /// The provider's parameters, by their names in OpenSSL's configuration.
        public var parameters: [String: String] = [:]
    }

    /// The `keys` section: the server's own keys.
    public struct Keys: Sendable, Equatable {
        /// The declared signing keys.
        public var signing: [DeclaredKey] = []
        /// The provider of the keys that are declared by a URI.
        public var provider: Provider?
        /// How long a generated key signs.
        public var rotateEvery = Duration.seconds(90 * 86400)
        /// How long a key is published before it signs.
        public var announce = Duration.seconds(86400)
        /// How long others may cache the published keys.
        public var cache = Duration.seconds(300)
        /// The keys that seal private keys in the store: the first one seals, all of them open.
        public var seal: [Secret] = []
    }
}

/// Reads the `keys` section.
struct KeysSection {
    private var section: Section
    private var keys = Configuration.Keys()

    /// Reads the section and reports its problems to its diagnostics.
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
        // A reference that could not be resolved has been reported already.
        if value == .null { return }
        guard case .object = value else {
            return section.diagnostics.report(
                at: path, "a signing key must be a string in PEM or JWK format, or a mapping with 'pem' or 'uri'")
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
            entry.report("uri", "'uri' needs a provider that holds the key", note: "set 'keys.provider'")
        }
        guard let uri else { return nil }
        if uri.contains("pin-value") || uri.contains("pin-source") {
            entry.report("uri", "'uri' must not contain the PIN", note: "move it to 'pin', which no message shows")
        }
        // Without a PIN, the provider would ask for one at the terminal.
        let isToken = uri.hasPrefix("pkcs11:")
        if !(isToken ? 1...32 : 0...32).contains(pin?.utf8.count ?? 0), entry.members["pin"] != .some(.null) {
            section.diagnostics.report(at: entry.path, "a key in a PKCS#11 token needs a 'pin' of 1 to 32 bytes")
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
            section.report("provider", "'provider' has no 'path', which must name the provider's library")
        }
        let parameters = entry.section("parameters", label: "'parameters'")
        for member in parameters.members.members {
            guard let text = member.value.string ?? member.value.integer.map(String.init) else {
                parameters.report(member.name, "a parameter must be a string or a whole number")
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
                ["announce", "cache"], "a key would sign while others may still have a key set without it",
                "'announce' must be at least 2 seconds longer than 'cache' (\(text(keys.cache)))")
        }
        if keys.rotateEvery <= keys.announce {
            report(
                ["rotate_every", "announce"], "a key would be announced before its predecessor signs",
                "'rotate_every' must be longer than 'announce' (\(text(keys.announce)))")
        }
    }

    private func text(_ span: Duration) -> String {
        span.setting.string ?? ""
    }

    /// Reports a problem at the first of the keys that the file has.
    private func report(_ names: [String], _ message: String, _ note: String) {
        let name = names.first { section.members[$0] != nil } ?? names[0]
        section.report(name, message, note: note)
    }
}

extension Duration {
    fileprivate static func days(_ number: Int64) -> Duration { .seconds(number * 86400) }
}
