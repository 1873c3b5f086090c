// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Which users have confirmed which notice, and when.
struct Confirmations: Sendable {
    static let collection = StoreCollection("notice_board", indexes: ["notice"])

    let host: any PluginHost

    struct Entry: Sendable {
        let user: String
        let time: Timestamp
    }

    /// Neither the name of a notice nor an identifier contains a space, so the records are in the order of the users.
    private func key(_ notice: String, _ user: String) -> StoreKey {
        Confirmations.collection.key("\(notice) \(user)")
    }

    /// The time at which a user has confirmed a notice; nil if the user has not.
    func time(of notice: String, by user: String) async throws -> Timestamp? {
        try await host.store.read(key(notice, user)).flatMap(Confirmations.confirmation)?.time
    }

    /// Notes that a user confirms a notice now.
    ///
    /// - Returns: False if the user has confirmed it before; the first time counts.
    func add(_ notice: String, by user: String) async throws -> Bool {
        let value: JSON = ["user": .string(user), "time": .integer(host.now.seconds)]
        // Kept for ever: it is proof.
        let record = StoreRecord(
            key(notice, user), value, expiresAt: Timestamp(seconds: .max), indexes: ["notice": notice])
        // If a button is pressed twice, or in two tabs, only one write creates the record.
        return try await host.store.write([.create(record)]) == .committed
    }

    /// The confirmations of a notice after that of a user, in the order of the users.
    func list(_ notice: String, after user: String?, limit: Int) async throws -> [Entry] {
        try await host.store.find(
            Confirmations.collection.name, by: "notice", equals: notice, after: user.map { key(notice, $0) },
            limit: limit
        ).compactMap(Confirmations.confirmation)
    }

    private static func confirmation(_ record: StoreRecord) -> Entry? {
        guard let user = record.value["user"]?.string, let time = record.value["time"]?.integer else { return nil }
        return Entry(user: user, time: Timestamp(seconds: time))
    }
}
