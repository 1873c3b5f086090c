// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The requests of devices, which the store keeps under the digests of their codes.
struct DeviceRequests: Sendable {
    /// Counts polls and new requests; the last few may be lost if the process dies.
    static let counters = StoreCollection("device_count", durability: .relaxed)
    /// The number of times that a user code is drawn anew if another request has it.
    private static let draws = 8

    let host: any PluginHost
    let lifetime: Duration
    let interval: Duration

    /// The key of a request, by its device code.
    func key(ofDeviceCode code: String) -> StoreKey {
        StoredRequest.collection.key(host.cryptography.digest(code))
    }

    private func key(of code: UserCode) -> StoreKey {
        StoredUserCode.collection.key(host.cryptography.digest(String(decoding: code.letters, as: UTF8.self)))
    }

    /// The request with a key, or nil.
    ///
    /// - Throws: `StoreError`.
    func find(_ key: StoreKey) async throws -> StoredRequest? {
        try await host.store.read(key).map { try StoredRequest($0) }
    }

    /// The key of the request that waits for a user with this code, or nil.
    ///
    /// - Throws: `StoreError`.
    func pending(_ code: UserCode) async throws -> StoreKey? {
        guard let named = try await host.store.read(key(of: code)).map({ try StoredUserCode($0) }) else { return nil }
        let key = StoredRequest.collection.key(named.request)
        return try await find(key)?.isPending(at: host.now) == true ? key : nil
    }

    /// Stores a request under new codes.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - random: A number of random bytes, as base64url; those of the host unless a test wants to know them.
    /// - Returns: The two codes.
    /// - Throws: `OAuthError` `temporarily_unavailable` if each user code that was drawn is in use; `StoreError`.
    func store(
        _ request: StoredRequest, random: ((_ bytes: Int) -> String)? = nil
    ) async throws -> (device: String, user: UserCode) {
        let random = random ?? { host.random(bytes: $0) }
        for _ in 0..<DeviceRequests.draws {
            let device = random(32)
            guard let user = UserCode(drawnFrom: random) else { break }
            let record = request.newRecord(key(ofDeviceCode: device))
            let named = StoredUserCode(request: record.key.id).record(key(of: user), expiresAt: request.usableUntil)
            if try await host.store.write([.create(record), .create(named)]) == .committed { return (device, user) }
        }
        throw OAuthError(.temporarilyUnavailable, "no code is free", reason: "every user code that was drawn is in use")
    }

    /// The address of the page where users type a code, with the code filled in.
    func address(with code: UserCode) -> String { address(of: CodeEntry.page, with: code) }

    /// The address of a page of this plugin, with a code.
    func address(of page: Route, with code: UserCode) -> String {
        "\(host.address(of: page))?user_code=\(code.shown)"
    }
}
