// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// A user's consent to a client, remembered until the client asks for more.
///
/// What the user allowed when asked each time is only noted, so that the user sees it and can end it; no later request
/// is answered with it.
struct Consent: Sendable {
    static let collection = StoreCollection("consent", indexes: ["user"])
    /// How long an answer is remembered or noted.
    ///
    /// It starts again each time the user consents.
    private static let lifetime = Duration.seconds(400 * 86400)

    private let key: StoreKey
    private let user: User
    private let client: RegisteredClient
    /// The record in the store, even if it is no longer valid.
    private let record: StoreRecord?
    private let isCurrent: Bool
    /// Whether answers are remembered, rather than only noted.
    let isRemembered: Bool
    /// The prefix of the id of each grant under this consent, so that one revocation ends them all.
    let id: String
    private let issuer: String

    /// Reads the consent of a user to a client.
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
        let given = record?.value["given"]?.integer.map(Timestamp.init(seconds:))
        // A note made later keeps the record, but not the remembered answer.
        isRemembered = isCurrent && given.map { core.now - $0 < Consent.lifetime } ?? false
    }

    /// The id for grants that are issued without asking; nil if no valid consent is stored.
    var storedID: String? { isCurrent ? id : nil }

    /// Whether a consent that was read later is the same one, and was not removed in between.
    func isContinued(by later: Consent) -> Bool { record == nil || later.id == id }

    static func key(_ user: String, _ client: String, in core: ServerCore) -> StoreKey {
        // Neither id can contain the separator.
        collection.key(core.cryptography.digest("\(user)\u{0}\(client)"))
    }

    /// Whether a record has neither expired nor ended with the user's epoch; a change of the client can end it too.
    private static func isGood(_ record: StoreRecord, of user: User, at now: Timestamp) -> Bool {
        record.expiresAt > now && record.value["epoch"]?.integer == user.epoch
    }

    /// The id of a consent, with which the ids of its grants begin.
    static func id(_ record: StoreRecord) -> String? { record.value["id"]?.string }

    /// The consent as plugins see it; nil if it is no longer valid.
    static func shown(_ record: StoreRecord, of user: User, at now: Timestamp) -> StoredConsent? {
        guard isGood(record, of: user, at: now), let client = record.value["client"]?.string else { return nil }
        let noted = noted(record)
        let given = Timestamp(seconds: record.value["given"]?.integer ?? 0)
        return StoredConsent(
            clientID: client, scope: Scope((record.value["granted"]?.strings ?? []) + (noted?.granted ?? [])),
            givenAt: max(given, noted?.given ?? given))
    }

    /// What the user allowed when asked each time, and when they did so last; nil if they never did.
    static func noted(_ record: StoreRecord) -> (granted: [String], given: Timestamp)? {
        guard let noted = record.value["each_time"] else { return nil }
        return (noted["granted"]?.strings ?? [], Timestamp(seconds: noted["given"]?.integer ?? 0))
    }

    private func words(_ member: String) -> Set<String> {
        isRemembered ? Set(record?.value[member]?.strings ?? []) : []
    }

    /// Whether the user has already been asked about all of these scopes, items and audiences.
    func covers(_ limits: AccessLimits, _ items: [String]) -> Bool {
        isRemembered && words("asked").isSuperset(of: limits.scope.words + items)
            && words("audience").isSuperset(of: others(limits))
    }

    /// The audiences that the user is shown, which excludes this server.
    func others(_ limits: AccessLimits) -> [String] {
        limits.audience.filter { $0 != issuer }
    }

    /// Whether the user allowed a scope or item; also true if they were never asked about it.
    func allows(_ word: String) -> Bool {
        !words("asked").contains(word) || words("granted").contains(word)
    }

    /// Stores an answer: the user's latest decision about each scope and item.
    func remembering(_ asked: AccessLimits, _ items: [String], granted: [String], now: Timestamp) -> StoreWrite {
        let all = words("asked").union(asked.scope.words + items)
        let kept = words("granted").subtracting(asked.scope.words + items).union(granted)
        var value = row
        value["asked"] = .strings(all.sorted())
        value["granted"] = .strings(kept.sorted())
        value["audience"] = .strings(words("audience").union(others(asked)).sorted())
        value["given"] = .integer(now.seconds)
        return storing(value, now)
    }

    /// Stores what the user allowed when asked each time, beside what is remembered, which stays as it is.
    func noting(granted: [String], now: Timestamp) -> StoreWrite {
        let former = isCurrent ? record.flatMap(Consent.noted)?.granted ?? [] : []
        var value = row
        value["each_time"] = [
            "granted": .strings(Set(former).union(granted).sorted()), "given": .integer(now.seconds),
        ]
        return storing(value, now)
    }

    /// The members that say whose consent it is, and what is stored already if that is still valid.
    private var row: JSON {
        var value: JSON = [
            "user": .string(user.id), "epoch": .integer(user.epoch), "client": .string(client.client.id),
            "id": .string(id),
        ]
        value["client_epoch"] = client.epoch.map(JSON.integer)
        guard isCurrent, let record else { return value }
        for member in ["asked", "granted", "audience", "given", "each_time"] {
            value[member] = record.value[member]
        }
        return value
    }

    private func storing(_ value: JSON, _ now: Timestamp) -> StoreWrite {
        let next = StoreRecord(key, value, expiresAt: now + Consent.lifetime, indexes: ["user": user.id])
        guard let record else { return .create(next) }
        return .replace(next, ifVersion: record.version)
    }
}
