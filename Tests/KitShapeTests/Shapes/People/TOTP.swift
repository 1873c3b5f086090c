// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Asks for a code of an authenticator app (RFC 6238).
///
/// The user's secret is kept sealed.
struct TOTP: Plugin, LaterStep {
    static let manifest = PluginManifest(id: "totp", summary: "codes of an app", specification: "RFC 6238")

    let name = "totp"
    let phase = StepPhase.verify
    let fields = [ParameterDeclaration("code", longest: 8, secret: true)]
    private let host: any LaterHost
    private let collection = StoreCollection("totp")

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(collection: collection)
        registry.add(later: self)
    }

    func advance(_ visit: StepVisit, submitted: Parameters) async throws -> LaterOutcome {
        guard case .user(let id)? = visit.interaction.subject, !visit.interaction.amr.contains("otp"),
            var record = try await host.store.read(collection.key(host.cryptography.digest(id)))
        else { return .skip }
        guard let code = submitted["code"] else { return .page(Page("totp")) }
        guard
            case .allowed(let attempt) = try await host.attempts.count(
                "totp", of: id, from: visit.interaction.address)
        else { return .page(Page("totp", ["error": "later"])) }
        let window = host.now.seconds / 30
        guard let key = try await host.keys.open(record.value["secret"]?.string ?? "", purpose: "totp"),
            Secret(code) == Secret(self.code(window, key)), record.value["last"]?.integer ?? 0 < window
        else { return .page(Page("totp", ["error": "wrong"])) }
        try await host.attempts.succeeded(attempt)
        record.value["last"] = .integer(window)
        // Committed with the session, so that a code signs in once even if it is sent twice at the same time.
        let writes = [StoreWrite.replace(record, ifVersion: record.version)]
        return .done(LaterResult(StepResult(amr: ["otp"]), writes: writes))
    }

    func code(_ window: Int64, _ key: String) -> String {
        let message = (0..<8).map { UInt8(truncatingIfNeeded: window >> (56 - 8 * Int64($0))) }
        let digest = host.laterCryptography.authenticationCode(message, key: Array(key.utf8), algorithm: "HS1")
        let number = digest.suffix(4).reduce(0) { $0 << 7 | Int($1 & 0x7F) } % 1_000_000
        return String(String(number + 1_000_000).dropFirst())
    }

    /// The record of a user who has set up an app.
    func record(of id: String, secret: String) async throws -> StoreRecord {
        let sealed = try await host.keys.seal(secret, purpose: "totp")
        return StoreRecord(
            collection.key(host.cryptography.digest(id)), ["secret": .string(sealed)],
            expiresAt: Timestamp(seconds: .max))
    }
}
