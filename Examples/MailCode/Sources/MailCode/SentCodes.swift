// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The last code that was sent to each user, in the store.
///
/// The store has only a message authentication code of it, since a digest of six digits would be guessed at once.
struct SentCodes: Sendable {
    static let collection = StoreCollection("mail_code")
    static let lifetime = Duration.seconds(600)
    /// The shortest time between two mails to one user.
    static let pause = Duration.seconds(60)
    private static let purpose = "mail-code"

    let host: any PluginHost

    private func key(_ user: User) -> StoreKey {
        SentCodes.collection.key(host.cryptography.digest(user.id))
    }

    private func message(_ code: String, _ user: User, _ made: Timestamp) -> String {
        "\(made.seconds) \(code) \(user.id)"
    }

    // MARK: sending

    /// Makes a code and queues a mail with it; the former code is no longer valid.
    ///
    /// - Returns: Nil if a mail is queued, otherwise how long to wait because there was one less than a minute ago.
    func send(to address: MailAddress, of user: User, in language: Mail.Language) async throws -> Duration? {
        let (key, now) = (key(user), host.now)
        let found = try await host.store.read(key)
        if let found, let wait = wait(after: found) { return wait }
        let code = newCode()
        let check = try await host.keys.authenticationCode(message(code, user, now), purpose: SentCodes.purpose)
        let record = StoreRecord(
            key, ["made": .integer(now.seconds), "check": .string(check)], expiresAt: now + SentCodes.lifetime)
        let mail = Mail(record: key.id, made: now, recipient: address.text, code: code, language: language)
        let write = found.map { StoreWrite.replace(record, ifVersion: $0.version) } ?? StoreWrite.create(record)
        // The mail is queued in one commit with its code. If another request is faster, its mail is sent.
        let queued = try await host.jobs.enqueue(job(mail))
        return try await host.store.write([write, queued]) == .committed ? nil : SentCodes.pause
    }

    private func wait(after record: StoreRecord) -> Duration? {
        guard let made = made(record) else { return nil }
        let end = made + SentCodes.pause
        // If the clock was set back, nobody waits longer than usual.
        return end > host.now ? min(end - host.now, SentCodes.pause) : nil
    }

    private func made(_ record: StoreRecord) -> Timestamp? {
        record.value["made"]?.integer.map(Timestamp.init(seconds:))
    }

    private func newCode() -> String {
        var digits: [UInt8] = []
        // Each character of base64url is equally likely, and so is each digit among them.
        while digits.count < 6 { digits += host.random(bytes: 96).utf8.filter { 0x30...0x39 ~= $0 } }
        return String(decoding: digits.prefix(6), as: UTF8.self)
    }

    // MARK: the queue

    /// The job needs the code itself and the address, so both are sealed: a copy of the store does not show them.
    private func job(_ mail: Mail) async throws -> Job {
        let sealed = try await host.keys.seal(mail.json.text, purpose: SentCodes.purpose)
        return Job(MailDelivery.name, ["mail": .string(sealed)], limit: SentCodes.lifetime)
    }

    /// The mail of a job; nil if this server has not queued it.
    func mail(of payload: JSON) async throws -> Mail? {
        guard let sealed = payload["mail"]?.string,
            let text = try await host.keys.open(sealed, purpose: SentCodes.purpose),
            let json = try? JSON(parsing: text)
        else { return nil }
        return Mail(json)
    }

    /// Whether the code of a mail can still be used: it was not replaced, has not expired, and was not typed.
    func isWanted(_ mail: Mail) async throws -> Bool {
        guard let record = try await host.store.read(SentCodes.collection.key(mail.record)) else { return false }
        return made(record) == mail.made && record.expiresAt > host.now && record.value["used"] == nil
    }

    // MARK: typing

    /// Whether a user has typed the code that was sent.
    ///
    /// The first sign-in with the code uses it up. A form that is sent twice belongs to one sign-in, and must not fail
    /// the second time.
    func redeem(_ code: String, of user: User, for signIn: String) async throws -> Bool {
        guard var record = try await host.store.read(key(user)), record.expiresAt > host.now,
            let made = made(record), let check = record.value["check"]?.string,
            try await host.keys.isAuthentic(check, over: message(code, user, made), purpose: SentCodes.purpose)
        else { return false }
        if let used = record.value["used"]?.string { return used == signIn }
        record.value["used"] = .string(signIn)
        switch try await host.store.write([.replace(record, ifVersion: record.version)]) {
        case .committed: return true
        case .conflict(_, let found): return found?.value["used"]?.string == signIn
        @unknown default: return false
        }
    }
}
