// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Signs users in with a passkey (WebAuthn Level 3).
///
/// Its script also runs on the page that asks for a name.
struct Passkeys: Plugin, LaterStep {
    static let manifest = PluginManifest(
        id: "passkeys", summary: "sign-in with a passkey", specification: "WebAuthn Level 3")
    static let script = Asset(name: "passkeys.js", type: "text/javascript", bytes: Array("/* */".utf8))

    let name = "passkey"
    let phase = StepPhase.identify
    let fields = ["credential", "client_data", "authenticator_data", "signature"].map {
        ParameterDeclaration($0, longest: 4096)
    }
    let offer: StepOffer? = StepOffer(label: "passkey_button", style: .button, assets: [Passkeys.script.name])
    private let host: any LaterHost
    private let collection = StoreCollection("passkey", indexes: ["user"])

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(collection: collection)
        registry.add(later: Passkeys.script)
        registry.add(later: self)
    }

    func advance(_ visit: StepVisit, submitted: Parameters) async throws -> LaterOutcome {
        guard let id = submitted["credential"], let challenge = visit.interaction.kept?.string else { return ask() }
        guard var record = try await host.store.read(collection.key(host.cryptography.digest(id))),
            isSigned(submitted, challenge, record.value), let user = try await user(of: record)
        else { return ask() }
        record.value["used_at"] = .integer(host.now.seconds)
        let result = StepResult(user: user, amr: ["hwk", "user"], acr: nil)
        return .done(LaterResult(result, writes: [.replace(record, ifVersion: record.version)]))
    }

    private func ask() -> LaterOutcome {
        let challenge = host.random(bytes: 32)
        let page = Page("passkey", ["challenge": .string(challenge)], kept: .string(challenge))
        return .page(page, assets: [Passkeys.script.name])
    }

    private func isSigned(_ submitted: Parameters, _ challenge: String, _ passkey: JSON) -> Bool {
        let cryptography = host.laterCryptography
        guard let sent = submitted["client_data"].flatMap(cryptography.bytes(base64url:)),
            let data = submitted["authenticator_data"].flatMap(cryptography.bytes(base64url:)),
            let signature = submitted["signature"].flatMap(cryptography.bytes(base64url:)),
            (try? JSON(parsing: sent))?["challenge"]?.string == challenge
        else { return false }
        let message = data + Array(cryptography.digest(sent).utf8)
        return cryptography.isSignature(signature, over: message, by: passkey["key"] ?? .null)
    }

    private func user(of record: StoreRecord) async throws -> User? {
        let user = try await host.users.find(record.value["user"]?.string ?? "")
        return user?.isActive == true ? user : nil
    }
}
