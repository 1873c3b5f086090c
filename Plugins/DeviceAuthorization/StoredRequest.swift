// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A device's request in the store, kept under the digest of its device code.
struct StoredRequest {
    static let collection = StoreCollection("device_code")
    /// How long an expired request is remembered, so that the device learns that it has expired.
    private static let memory = Duration.seconds(600)
    /// How long an approved request is remembered after it has expired, so that a replay is noticed.
    private static let memoryOfApproved = Duration.seconds(3600)
    /// The maximum time between two polls, in seconds, however often a device was told to slow down.
    private static let longestInterval: Int64 = 3600
    /// The number of intervals for which a code can be redeemed after the approval, even if it expires before.
    private static let polls: Int64 = 3
    /// The most time, in seconds, for which a code can be redeemed after the approval if it expires before.
    private static let longestGrace: Int64 = 600

    /// The decision of the user.
    enum Decision: String {
        case pending, approved, denied
    }

    let clientID: String
    /// The address from which the device sent the request.
    let address: String
    let requestedAt: Timestamp
    /// When the device and the user can no longer use their codes.
    private(set) var usableUntil: Timestamp
    /// What the device asks for, within what its client might have at that time.
    let limits: AccessLimits
    private(set) var decision = Decision.pending
    /// What the user has allowed.
    private(set) var authorization: Authorization?
    /// The number of seconds between two polls.
    private(set) var interval: Int64
    /// When the device may poll again, if it was told to slow down.
    private(set) var nextPoll: Timestamp?
    /// The record that was read; nil before the first write.
    private var record: StoreRecord?

    /// Makes a new request.
    ///
    /// - Parameters:
    ///   - client: The client that the device is.
    ///   - limits: What it asks for.
    ///   - address: The address from which it was sent.
    ///   - now: The current time.
    ///   - lifetime: How long the user has to decide.
    ///   - interval: How long the device must wait between two polls.
    init(
        of client: Client, for limits: AccessLimits, from address: String, at now: Timestamp, lifetime: Duration,
        interval: Duration
    ) {
        clientID = client.id
        self.limits = limits
        self.address = address
        requestedAt = now
        usableUntil = now + lifetime
        self.interval = interval.components.seconds
    }

    /// Reads a record.
    ///
    /// - Throws: `StoreError` if it lacks a member, or if the kit does not know the encoding of its authorization.
    init(_ record: StoreRecord) throws {
        let row = record.value
        guard let clientID = row["client"]?.string, let address = row["address"]?.string,
            let start = row["requested"]?.integer, let end = row["usable_until"]?.integer,
            let decision = row["decision"]?.string.flatMap(Decision.init), let interval = row["interval"]?.integer,
            let limits = row["limits"], decision != .approved || row["authorization"] != nil
        else { throw StoreError("a device's request is stored in an encoding that this server does not know") }
        self.clientID = clientID
        self.address = address
        requestedAt = Timestamp(seconds: start)
        usableUntil = Timestamp(seconds: end)
        self.decision = decision
        self.interval = min(max(interval, 1), StoredRequest.longestInterval)
        self.limits = try Authorization(stored: limits).limits
        nextPoll = row["next_poll"]?.integer.map(Timestamp.init(seconds:))
        authorization = try row["authorization"].map(Authorization.init(stored:))
        self.record = record
    }

    private var row: JSON {
        var row: JSON = [
            "client": .string(clientID), "address": .string(address), "requested": .integer(requestedAt.seconds),
            "usable_until": .integer(usableUntil.seconds), "decision": .string(decision.rawValue),
            "interval": .integer(interval),
            // The kit stores limits as part of an authorization.
            "limits": Authorization(subject: .client(clientID), limits: limits).stored,
        ]
        row["next_poll"] = (nextPoll?.seconds).map(JSON.integer)
        row["authorization"] = authorization?.stored
        return row
    }

    /// Whether the device's code was redeemed.
    var isRedeemed: Bool { record?.isRedeemed ?? false }

    /// Whether the user can still decide.
    func isPending(at now: Timestamp) -> Bool {
        decision == .pending && usableUntil > now
    }

    // MARK: writes

    /// The record to create under the digest of a device code.
    func newRecord(_ key: StoreKey) -> StoreRecord {
        StoreRecord(key, row, expiresAt: usableUntil + StoredRequest.memory)
    }

    /// Records what the user has allowed.
    ///
    /// The device's next poll must get its tokens even if the user approved in the last seconds, because the page says
    /// that it is connected.
    func approving(_ authorization: Authorization, at now: Timestamp) -> [StoreWrite] {
        var next = self
        next.decision = .approved
        next.authorization = authorization
        let grace = min(interval * StoredRequest.polls, StoredRequest.longestGrace)
        next.usableUntil = max(usableUntil, now + .seconds(grace))
        return next.replacing(until: next.usableUntil + StoredRequest.memoryOfApproved)
    }

    /// Records that the user has denied access.
    func denying() -> [StoreWrite] {
        var next = self
        next.decision = .denied
        return next.replacing(until: usableUntil + StoredRequest.memory)
    }

    /// Makes the device wait longer between two polls, from now on.
    ///
    /// - Parameters:
    ///   - more: The number of seconds that are added.
    ///   - now: The current time.
    /// - Returns: The write.
    func slowing(by more: Int64, at now: Timestamp) -> [StoreWrite] {
        var next = self
        next.interval = min(interval + more, StoredRequest.longestInterval)
        next.nextPoll = now + .seconds(next.interval)
        return next.replacing(until: record?.expiresAt ?? usableUntil)
    }

    private func replacing(until end: Timestamp) -> [StoreWrite] {
        guard let record else { return [] }
        var next = record
        next.value = row
        next.expiresAt = end
        return [.replace(next, ifVersion: record.version)]
    }
}
