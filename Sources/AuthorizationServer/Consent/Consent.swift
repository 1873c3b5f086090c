// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a person has allowed a client, remembered until it is asked for more.
struct Consent: Sendable {
    static let collection = StoreCollection("consent", indexes: ["user"])
    /// Counted from the last time that it was given.
    private static let lifetime = Duration.seconds(400 * 86400)

    private let key: StoreKey
    private let user: User
    private let client: RegisteredClient
    /// What stands in the store, whatever it is still worth.
    private let record: StoreRecord?
    private let isCurrent: Bool
    /// With what is granted by it begins the id of each grant, so that one revocation ends them all.
    let id: String
    private let issuer: String

    /// Reads what is remembered.
    ///
    /// - Throws: `StoreError`.
    init(_ user: User, _ client: RegisteredClient, in core: ServerCore) async throws {
        self.user = user
        self.client = client
        issuer = core.issuer
        key = Consent.key(user.id, client.client.id, in: core)
        record = try await core.store.read(key)
        id = record.flatMap(Consent.id) ?? core.random(bytes: 16)
        isCurrent =
            record.map {
                Consent.isGood($0, of: user, at: core.now) && $0.value["client_epoch"]?.integer == client.epoch
            } ?? false
    }

    /// The id that what is granted without asking comes under, if anything was allowed before.
    var storedID: String? { isCurrent ? id : nil }

    static func key(_ user: String, _ client: String, in core: ServerCore) -> StoreKey {
        // Neither id can hold the separator.
        collection.key(core.cryptography.digest("\(user)\u{0}\(client)"))
    }

    /// Whether a record neither has run out nor ended with the person's password; the client can end it as well.
    private static func isGood(_ record: StoreRecord, of user: User, at now: Timestamp) -> Bool {
        record.expiresAt > now && record.value["epoch"]?.integer == user.epoch
    }

    /// The id that what is granted by a record begins with.
    static func id(_ record: StoreRecord) -> String? { record.value["id"]?.string }

    /// What plugins see of a record; nil of one that is no longer good.
    static func shown(_ record: StoreRecord, of user: User, at now: Timestamp) -> StoredConsent? {
        guard isGood(record, of: user, at: now), let client = record.value["client"]?.string else { return nil }
        return StoredConsent(
            clientID: client, scope: Scope(record.value["granted"]?.strings ?? []),
            givenAt: Timestamp(seconds: record.value["given"]?.integer ?? 0))
    }

    private func words(_ member: String) -> Set<String> {
        isCurrent ? Set(record?.value[member]?.strings ?? []) : []
    }

    /// Whether each word, each item and each audience of these was put before the person.
    func covers(_ limits: AccessLimits, _ items: [String]) -> Bool {
        isCurrent && words("asked").isSuperset(of: limits.scope.words + items)
            && words("audience").isSuperset(of: others(limits))
    }

    /// The APIs that the person is shown; the server itself is none.
    func others(_ limits: AccessLimits) -> [String] {
        limits.audience.filter { $0 != issuer }
    }

    /// Whether a word was allowed when it was asked for; true of a word that never was.
    func allows(_ word: String) -> Bool {
        !words("asked").contains(word) || words("granted").contains(word)
    }

    /// Remembers an answer: each word and each item as the person left it last.
    func remembering(_ asked: AccessLimits, _ items: [String], granted: [String], now: Timestamp) -> StoreWrite {
        let all = words("asked").union(asked.scope.words + items)
        let kept = words("granted").subtracting(asked.scope.words + items).union(granted)
        var value: JSON = [
            "user": .string(user.id), "epoch": .integer(user.epoch), "client": .string(client.client.id),
            "id": .string(id),
            "asked": .strings(all.sorted()),
            "granted": .strings(kept.sorted()),
            "audience": .strings(words("audience").union(others(asked)).sorted()), "given": .integer(now.seconds),
        ]
        value["client_epoch"] = client.epoch.map(JSON.integer)
        let next = StoreRecord(key, value, expiresAt: now + Consent.lifetime, indexes: ["user": user.id])
        guard let record else { return .create(next) }
        return .replace(next, ifVersion: record.version)
    }
}
