// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Adds the number of a receipt to each response of the token endpoint.
struct Receipt: ResponseExtension {
    static let receipts = StoreCollection("receipt")

    let host: any PluginHost
    let members = ["receipt"]

    func extend(_ issuance: inout Issuance) async throws {
        guard case .token = issuance.answer else { return }
        let number = host.random(bytes: 16)
        let row: JSON = ["client": .string(issuance.client.id), "at": .integer(issuance.issuedAt.seconds)]
        let end = issuance.issuedAt + .seconds(30 * 86400)
        // Committed with the token or not at all.
        issuance.alsoWrite(.create(StoreRecord(Self.receipts.key(number), row, expiresAt: end)))
        try issuance.add("receipt", .string(number))
    }
}
