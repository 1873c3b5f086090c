// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Signs users in with a link that they get by mail.
struct MailSignIn: Plugin, LaterStep {
    static let manifest = PluginManifest(id: "mail-sign-in", summary: "sign-in by mail", specification: "")

    let name = "mail"
    let phase = StepPhase.identify
    let fields = [ParameterDeclaration("email", longest: 254)]
    let offer: StepOffer? = StepOffer(label: "mail_page", style: .page)
    private let host: any LaterHost
    private let collection = StoreCollection("mail_link")

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(collection: collection)
        registry.add(later: self)
    }

    func advance(_ visit: StepVisit, submitted: Parameters) async throws -> LaterOutcome {
        if let code = visit.returned?["code"] { return try await signIn(code) }
        guard let email = submitted["email"] else { return .page(Page("mail")) }
        // The page is the same for an unknown address, so that nobody learns who has an account.
        if let user = try await host.users.find(email), user.isActive { try await send(to: user, email, visit) }
        return .page(Page("mail", ["sent": true]))
    }

    private func send(to user: User, _ email: String, _ visit: StepVisit) async throws {
        let code = host.random(bytes: 32)
        let link = try WebAddress(visit.returnAddress).adding([
            (name: "state", value: visit.returnState), (name: "code", value: code),
        ])
        let record = StoreRecord(
            collection.key(host.cryptography.digest(code)), ["user": .string(user.id)],
            expiresAt: host.now + .seconds(600))
        let message = Message(
            channel: "mail", recipient: email, text: "mail_link", values: ["link": link], limit: .seconds(600))
        _ = try await host.store.write([.create(record), try await host.messages.send(message)])
    }

    private func signIn(_ code: String) async throws -> LaterOutcome {
        let key = collection.key(host.cryptography.digest(code))
        guard let record = try await host.store.read(key), record.expiresAt > host.now, !record.isRedeemed,
            let user = try await host.users.find(record.value["user"]?.string ?? ""), user.isActive
        else { return .page(Page("mail", ["error": "expired"])) }
        return .done(LaterResult(StepResult(user: user, amr: ["mail"]), writes: [.redeem(key)]))
    }
}
