// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The operator's sealing keys: the first one seals, all of them open.
public struct Sealing: Sendable {
    private let keys: [SealingKey]

    /// Creates sealing with keys; without any, secrets are stored unsealed.
    public init(_ keys: [SealingKey] = []) {
        self.keys = keys
    }

    func protect(_ text: Secret, for place: String) throws -> StoredSecret {
        try keys.first.map { .sealed(try $0.seal(text, for: place)) } ?? .open(text)
    }

    func reveal(_ secret: StoredSecret, for place: String) throws -> Secret {
        switch secret {
        case .open(let text): return text
        case .sealed(let sealed):
            guard let key = keys.first(where: { $0.id == sealed.key }) else {
                throw StoreError(
                    "the key '\(place)' in the store is sealed under '\(sealed.key)'; add that key to 'keys.seal'")
            }
            guard let text = key.open(sealed, for: place) else {
                throw StoreError("the key '\(place)' in the store was changed: its seal is broken")
            }
            return text
        }
    }
}
