// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Finds the address of the client behind proxies that are believed.
struct ClientAddress: Sendable {
    let trusted: [AddressRange]

    /// The nearest address that is no trusted proxy's: of the connection, or of the forwarded ones from the right.
    ///
    /// What stands further left was written by whoever sent the request.
    func find(connection: String, _ headers: [(name: String, value: String)]) -> String {
        guard isTrusted(connection) else { return connection }
        let forwarded = headers.filter { $0.name == "x-forwarded-for" }
            .flatMap { $0.value.split(separator: ",").map(ClientAddress.trim) }
        for address in forwarded.reversed() {
            guard AddressRange(address) != nil else { return connection }
            if !isTrusted(address) { return address }
        }
        return forwarded.first ?? connection
    }

    private func isTrusted(_ address: String) -> Bool {
        trusted.contains { $0.contains(address) }
    }

    private static func trim(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
