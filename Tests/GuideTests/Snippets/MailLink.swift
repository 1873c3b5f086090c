// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Links that prove an address of mail, without a record in the store.
struct MailLink: Sendable {
    private static let purpose = "mail-link address"

    let host: any PluginHost

    func token(for address: String) async throws -> String {
        let end = host.now + .seconds(900)
        let content: JSON = ["address": .string(address), "end": .integer(end.seconds)]
        return try await host.keys.seal(content.text, purpose: Self.purpose)
    }

    /// The address in a link; nil if the link has expired or is not one of ours.
    func address(in token: String) async throws -> String? {
        guard let text = try await host.keys.open(token, purpose: Self.purpose),
            let content = try? JSON(parsing: text), let end = content["end"]?.integer,
            Timestamp(seconds: end) > host.now
        else { return nil }
        return content["address"]?.string
    }
}
