// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension Configuration {
    /// A signing key that the file declares.
    public struct DeclaredKey: Sendable, Equatable {
        /// The key in PEM or as a JWK.
        public var pem: Secret
        /// What opens it.
        public var passphrase: Secret?
        /// What it signs with, if its kind leaves a choice.
        public var algorithm: String?
        /// Where it stands.
        public var path: [PathStep]
    }

    /// What the file says of the server's own keys.
    public struct Keys: Sendable, Equatable {
        /// The keys that it declares.
        public var signing: [DeclaredKey] = []
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
            return keys.signing.append(.init(pem: Secret(text), passphrase: nil, algorithm: nil, path: path))
        }
        // A reference that cannot be had is reported already.
        if value == .null { return }
        guard case .object = value else {
            return section.diagnostics.report(at: path, "a signing key must be a text in PEM or a mapping with 'pem'")
        }
        var entry = Section(value, at: path, label: "a signing key", section.diagnostics)
        let pem: String? = entry.read("pem")
        let passphrase: String? = entry.read("passphrase")
        let algorithm: String? = entry.read("algorithm")
        entry.finish()
        guard let pem else {
            if value["pem"] == nil { section.diagnostics.report(at: path, "a signing key has no 'pem'") }
            return
        }
        keys.signing.append(
            .init(pem: Secret(pem), passphrase: passphrase.map(Secret.init), algorithm: algorithm, path: path))
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
