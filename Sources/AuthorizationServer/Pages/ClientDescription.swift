// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The part of a client's registration that pages show (RFC 7591 section 2).
enum ClientDescription {
    /// The members of a client's document that contain URLs, and the names of their values in pages.
    static let addresses = [
        (member: "client_uri", value: "uri"), (member: "logo_uri", value: "logo"),
        (member: "policy_uri", value: "policy_uri"), (member: "tos_uri", value: "tos_uri"),
    ]

    static func values(_ client: Client) -> JSON {
        var values: JSON = ["name": .string(client.displayName)]
        for (member, value) in addresses { values[value] = client.document[member] }
        return values
    }

    /// The source of the client's logo, for the policy of pages about it.
    static func pictures(_ client: Client) -> [String] {
        let logo = client.document["logo_uri"]?.string
        return (logo.flatMap { try? RedirectURI($0).policySource }).map { [$0] } ?? []
    }
}
