// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// What a client authenticates with, and how.
struct ClientCredentials {
    /// The methods that are accepted; empty if the document is not valid.
    var methods: [String]
    /// The keys in its document.
    var keys: (any VerificationKeys)?
    /// Its secrets as keys, if its method needs them.
    var secretKeys: (any VerificationKeys)?

    /// Whether anyone can act as the client.
    var isPublic: Bool { methods.contains(ClientMethod.none) }
}

extension ClientDocument {
    static let method = "token_endpoint_auth_method"
    /// The members with keys; a client has at most one of them.
    static let keyMembers = ["jwks", "jwks_uri"]

    private var hasKeys: Bool { ClientDocument.keyMembers.contains { document[$0] != nil } }

    private var methodsWithKeys: [AuthenticationMethod] {
        capabilities.authenticationMethods.filter { $0.credential == .keys }
    }

    /// The methods whose attribute the client has.
    private var methodsWithAttribute: [AuthenticationMethod] {
        capabilities.authenticationMethods.filter { method in method.attribute.map { document[$0] != nil } ?? false }
    }

    /// Whether the client does not authenticate with a secret, so that the server must not generate one.
    var needsNoSecret: Bool {
        guard let name = document[ClientDocument.method]?.string else {
            return hasKeys && !methodsWithKeys.isEmpty || !methodsWithAttribute.isEmpty
        }
        let added = capabilities.authenticationMethods.first { $0.name == name }
        return name == ClientMethod.none || added?.credential == .keys || added?.credential == .other
    }

    /// Reads the keys of the client and the methods by which it may authenticate.
    mutating func readCredentials(hasSecret: Bool) -> ClientCredentials {
        let keys = readKeys()
        guard let member = document[ClientDocument.method] else {
            return ClientCredentials(methods: usualMethods(hasSecret: hasSecret), keys: keys)
        }
        let place = path.key(ClientDocument.method)
        guard let name = member.string else {
            report(place, "'\(ClientDocument.method)' must be \(String.expectation)")
            return ClientCredentials(methods: [], keys: keys)
        }
        checkMethod(name, at: place, hasSecret: hasSecret)
        // A client that says it is public and has a secret is reported once, not as one without a secret too.
        let methods = name == ClientMethod.none && hasSecret ? [] : [name]
        return ClientCredentials(methods: methods, keys: keys, secretKeys: readSecretKeys(name, at: place))
    }

    /// Reads the secrets of a client whose method needs readable ones; nil for any other method.
    private mutating func readSecretKeys(_ name: String, at place: Path) -> (any VerificationKeys)? {
        guard credential(of: name) == .readableSecret else { return nil }
        guard !isStored else {
            report(
                place, "'\(name)' cannot be used by a client in the store, which keeps no readable secret",
                note: .text("declare the client in the configuration, or use its keys"))
            return nil
        }
        let texts = document["secret"]?.strings ?? []
        guard texts.allSatisfy({ $0.utf8.count >= 32 && secrets.slowHash($0) == nil }) else {
            report(
                path.key("secret"), "'\(name)' needs a secret of at least 32 bytes that is not a hash",
                note: .text("a message authentication code has such a key (RFC 7518 section 3.2)"))
            return nil
        }
        return signatures.secretKeys(texts.map(Secret.init))
    }

    // MARK: methods

    /// The methods of a client that names none: those with a secret if it has one, or else with its keys or with an
    /// attribute.
    private mutating func usualMethods(hasSecret: Bool) -> [String] {
        if hasSecret { return ClientMethod.secrets }
        let names = ((hasKeys ? methodsWithKeys : []) + methodsWithAttribute).map(\.name)
        guard hasKeys || !names.isEmpty else { return [ClientMethod.none] }
        if names.count == 1 || !capabilities.isComplete { return names }
        // Without the plugin, the client would be public: its keys would protect nothing.
        report(
            path,
            names.isEmpty
                ? "\(label) has keys and no secret, but no loaded plugin authenticates clients with keys"
                : "\(label) has no secret, and several methods are possible for it",
            note: .text(
                names.isEmpty
                    ? "load a plugin that does, or set '\(ClientDocument.method)' to none to make it a public client"
                    : "set '\(ClientDocument.method)' to one of \(names.joined(separator: ", "))"))
        return []
    }

    private mutating func checkMethod(_ name: String, at place: Path, hasSecret: Bool) {
        switch credential(of: name) {
        case nil:
            guard capabilities.isComplete else { return }
            let known = ClientMethod.ofCore + capabilities.authenticationMethods.map(\.name)
            report(
                place, "no loaded plugin authenticates clients by '\(name)'", note: .candidates(for: name, among: known)
            )
        case .other? where lacksAttribute(of: name) != nil:
            let attribute = lacksAttribute(of: name) ?? ""
            report(place, "'\(name)' needs '\(attribute)', but \(label) has none", note: .text("add '\(attribute)'"))
        case .secret? where !hasSecret, .readableSecret? where !hasSecret && !isStored:
            report(place, "'\(name)' needs a secret, but \(label) has none", note: .text("add 'secret'"))
        case .keys? where !hasKeys:
            report(place, "'\(name)' needs keys, but \(label) has none", note: .text("add 'jwks' or 'jwks_uri'"))
        case .secret?, .readableSecret?: break
        default: if hasSecret { reportUnused(name, at: place) }
        }
    }

    /// The attribute that a method needs and the client does not have; nil if it has all that it needs.
    private func lacksAttribute(of name: String) -> String? {
        let attribute = capabilities.authenticationMethods.first { $0.name == name }?.attribute
        return attribute.flatMap { document[$0] == nil ? $0 : nil }
    }

    /// What a method authenticates with; nil if there is no such method.
    private func credential(of name: String) -> AuthenticationMethod.Credential? {
        if ClientMethod.secrets.contains(name) { return .secret }
        if name == ClientMethod.none { return .other }
        return capabilities.authenticationMethods.first { $0.name == name }?.credential
    }

    /// Reports a secret that the method makes useless; for a public client, its author may have meant something else.
    private mutating func reportUnused(_ name: String, at place: Path) {
        report(
            place, "\(label) has a secret that '\(name)' does not use",
            note: .text("remove 'secret', or change '\(ClientDocument.method)'"),
            name == ClientMethod.none ? .error : .warning)
    }

    // MARK: keys

    /// Reads the keys; nil if there are none, or only the address of a key set.
    private mutating func readKeys() -> (any VerificationKeys)? {
        guard hasKeys else { return nil }
        guard !methodsWithKeys.isEmpty else {
            for name in ClientDocument.keyMembers where document[name] != nil { warnInert(name, at: path) }
            return nil
        }
        if let address = document["jwks_uri"] { checkKeyAddress(address) }
        guard let set = document["jwks"] else { return nil }
        if document["jwks_uri"] != nil {
            report(
                path.key("jwks_uri"), key: true, "\(label) has both 'jwks' and 'jwks_uri'",
                note: .text("remove one of them (RFC 7591 section 2)"))
        }
        do {
            // Aidbox has a list of keys instead of a key set.
            return try signatures.publicKeys(set.elements.isEmpty ? set : ["keys": set])
        } catch {
            report(
                path.key("jwks"), "the keys of \(label) cannot be used: \(error)",
                note: .text("write a key set with public keys, such as jwks: { keys: [...] } (RFC 7517 section 5)"))
            return nil
        }
    }

    private mutating func checkKeyAddress(_ member: JSON) {
        let address = member.string.flatMap { try? WebAddress($0) }
        guard let address, address.host != nil, address.isSecure || address.isOnThisMachine else {
            report(path.key("jwks_uri"), "'jwks_uri' must be an https URL")
            return
        }
    }
}
