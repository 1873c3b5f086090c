// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Keys that only the server has, by the name under which it knows them.
struct NamedKeys: VerificationKeys {
    let form: JSON

    func verify(_ jwt: UnverifiedJWT) -> SignatureVerdict { .wrong("only the server can verify with these keys") }

    /// The name of the keys of a source.
    static func form(of source: KeySource) -> JSON {
        switch source {
        case .client(let client): ["client": .string(client.id)]
        case .secret(let client): ["secret": .string(client.id)]
        case .address(let address): ["address": .string(address)]
        case .keys(let set): (set.keys as? NamedKeys)?.form ?? [:]
        @unknown default: [:]
        }
    }
}
