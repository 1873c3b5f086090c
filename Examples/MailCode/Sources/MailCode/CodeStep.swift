// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The step of sign-in in which a user types a code that is sent by mail.
struct CodeStep: InteractionStep {
    /// What `Interaction.amr` has after it (RFC 8176 section 2).
    private static let method = "otp"
    /// What `host.attempts` counts guesses under.
    private static let secret = "code"

    let codes: SentCodes
    let name = "mail-code"
    let phase = StepPhase.verify
    let fields = [ParameterDeclaration("code", longest: 64, secret: true), ParameterDeclaration("send", longest: 1)]

    private var host: any PluginHost { codes.host }

    /// The user to whom a code is sent.
    private struct Recipient {
        let user: User
        let address: MailAddress
        let language: Mail.Language
    }

    /// What the page shows, and the name of the sign-in that it belongs to.
    private struct Kept {
        enum Kind: String {
            case sent, again
        }
        enum Problem: String {
            case wrong, throttled, early
        }

        let signIn: String
        /// Nil as long as the user has not asked for a code.
        var kind: Kind?
        var problem: Problem?
        var until: Timestamp?

        var json: JSON {
            var json: JSON = ["sign_in": .string(signIn)]
            json["kind"] = (kind?.rawValue).map(JSON.string)
            json["problem"] = (problem?.rawValue).map(JSON.string)
            json["until"] = (until?.seconds).map(JSON.integer)
            return json
        }
    }

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        guard !interaction.amr.contains(CodeStep.method) else { return .skip }
        guard let recipient = try await recipient(interaction) else {
            return .refuse(
                OAuthError(
                    .accessDenied, "signing in requires a verified e-mail address, which the account does not have",
                    reason: "mail-code: the user has no verified e-mail address"))
        }
        let shown = interaction.kept ?? Kept(signIn: host.random(bytes: 16)).json
        let kept = Kept(signIn: shown["sign_in"]?.string ?? "", kind: shown["kind"] == nil ? nil : .sent)
        if submitted["send"] != nil { return try await send(to: recipient, kept) }
        if let typed = submitted["code"] { return try await check(typed, of: recipient, interaction.address, kept) }
        // The first page, or a page that is loaded again. A link on another site can load it, so nothing is sent.
        return page(recipient, shown)
    }

    private func recipient(_ interaction: Interaction) async throws -> Recipient? {
        guard case .user(let id)? = interaction.subject, let user = try await host.users.find(id),
            let address = MailAddress(of: user)
        else { return nil }
        let tags = interaction.policy.languages + [user.document["locale"]?.string ?? ""]
        return Recipient(user: user, address: address, language: Mail.Language.first(of: tags))
    }

    private func send(to recipient: Recipient, _ kept: Kept) async throws -> StepOutcome {
        var kept = kept
        let wait = try await codes.send(to: recipient.address, of: recipient.user, in: recipient.language)
        if let wait {
            kept.problem = .early
            kept.until = host.now + wait
        }
        kept.kind = kept.kind == nil || wait != nil ? .sent : .again
        return page(recipient, kept.json)
    }

    private func check(
        _ typed: String, of recipient: Recipient, _ browser: String, _ kept: Kept
    ) async throws -> StepOutcome {
        let user = recipient.user
        var kept = kept
        kept.problem = .wrong
        // What is not six digits can be no code, so it is neither counted nor looked up.
        guard let code = CodeStep.digits(typed) else { return page(recipient, kept.json) }
        switch try await host.attempts.count(CodeStep.secret, of: user.id, from: browser) {
        case .allowed(let attempt):
            guard try await codes.redeem(code, of: user, for: kept.signIn) else {
                host.events.record(Event(.codeFailed, subject: .user(user.id)))
                return page(recipient, kept.json)
            }
            try await host.attempts.succeeded(attempt)
            return .done(StepResult(amr: [CodeStep.method]))
        case .later(let wait):
            kept.problem = .throttled
            kept.until = host.now + wait + .seconds(1)
            return page(recipient, kept.json)
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

    private func page(_ recipient: Recipient, _ kept: JSON) -> StepOutcome {
        var values: JSON = ["address": .string(recipient.address.masked), "is_sent": .bool(kept["kind"] != nil)]
        values["kind"] = kept["kind"]
        values["problem"] = kept["problem"]
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
