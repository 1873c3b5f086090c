// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The step of sign-in in which a user types a code that was sent by mail.
struct CodeStep: InteractionStep {
    /// What `Interaction.amr` has after it (RFC 8176 section 2).
    private static let method = "otp"
    /// What `host.attempts` counts guesses under.
    private static let secret = "code"

    let codes: SentCodes
    let name = "mail-code"
    let phase = StepPhase.verify
    let fields = [ParameterDeclaration("code", longest: 64, secret: true), ParameterDeclaration("resend", longest: 1)]

    private var host: any PluginHost { codes.host }

    /// What the page shows, and the name of the sign-in that it belongs to.
    private struct Kept {
        enum Problem: String {
            case wrong, throttled, early
        }

        var signIn: String
        var problem: Problem?
        var until: Timestamp?
        var isSentAgain = false

        var json: JSON {
            var json: JSON = ["sign_in": .string(signIn)]
            json["problem"] = (problem?.rawValue).map(JSON.string)
            json["until"] = (until?.seconds).map(JSON.integer)
            json["kind"] = isSentAgain ? "again" : nil
            return json
        }
    }

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        guard !interaction.amr.contains(CodeStep.method) else { return .skip }
        guard case .user(let id)? = interaction.subject, let user = try await host.users.find(id),
            let address = MailAddress(of: user)
        else {
            return .refuse(
                OAuthError(
                    .accessDenied, "signing in requires a verified e-mail address, which the account does not have",
                    reason: "mail-code: the user has no verified e-mail address"))
        }
        let kept = Kept(signIn: interaction.kept?["sign_in"]?.string ?? host.random(bytes: 16))
        if submitted["resend"] != nil { return try await resend(to: address, of: user, interaction, kept) }
        if let typed = submitted["code"] { return try await check(typed, of: user, at: address, interaction, kept) }
        // A page that is loaded again sends nothing.
        if let shown = interaction.kept { return page(address, shown) }
        // With 'prompt=none' no page can be shown, so a mail would be useless.
        if !interaction.policy.prompts.contains(.none) {
            _ = try await codes.send(to: address, of: user, in: language(interaction, user))
        }
        return page(address, kept.json)
    }

    private func language(_ interaction: Interaction, _ user: User) -> Mail.Language {
        Mail.Language.first(of: interaction.policy.languages + [user.document["locale"]?.string ?? ""])
    }

    private func resend(
        to address: MailAddress, of user: User, _ interaction: Interaction, _ kept: Kept
    ) async throws -> StepOutcome {
        var kept = kept
        if let wait = try await codes.send(to: address, of: user, in: language(interaction, user)) {
            kept.problem = .early
            kept.until = host.now + wait
        } else {
            kept.isSentAgain = true
        }
        return page(address, kept.json)
    }

    private func check(
        _ typed: String, of user: User, at address: MailAddress, _ interaction: Interaction, _ kept: Kept
    ) async throws -> StepOutcome {
        var kept = kept
        kept.problem = .wrong
        // What is not six digits can be no code, so it is neither counted nor looked up.
        guard let code = CodeStep.digits(typed) else { return page(address, kept.json) }
        switch try await host.attempts.count(CodeStep.secret, of: user.id, from: interaction.address) {
        case .allowed(let attempt):
            guard try await codes.redeem(code, of: user, for: kept.signIn) else {
                host.events.record(Event(.codeFailed, subject: .user(user.id)))
                return page(address, kept.json)
            }
            try await host.attempts.succeeded(attempt)
            return .done(StepResult(amr: [CodeStep.method]))
        case .later(let wait):
            kept.problem = .throttled
            kept.until = host.now + wait + .seconds(1)
            return page(address, kept.json)
        @unknown default:
            throw OAuthError(.serverError, reason: "mail-code: the server gives an answer that it does not know")
        }
    }

    /// Six digits, as they may be copied from a mail: with spaces or hyphens.
    private static func digits(_ typed: String) -> String? {
        let rest = typed.utf8.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "-") }
        guard rest.count == 6, rest.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return String(decoding: rest, as: UTF8.self)
    }

    private func page(_ address: MailAddress, _ kept: JSON) -> StepOutcome {
        var values: JSON = ["address": .string(address.masked)]
        values["problem"] = kept["problem"]
        values["kind"] = kept["kind"]
        if let until = kept["until"]?.integer, until > host.now.seconds {
            values["retry_after"] = .integer(until - host.now.seconds)
        }
        return .page(Page(CodePage.name, values, kept: kept))
    }
}

extension Event.Kind {
    /// A user typed a code that is wrong, has expired or has been used.
    fileprivate static let codeFailed = Event.Kind(rawValue: "mail-code.failed")
}
