// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The keys of one fetch; a class, so that those of another fetch are told apart.
final class FetchedKeys: VerificationKeys {
    private let keys: any VerificationKeys

    init(_ keys: any VerificationKeys) {
        self.keys = keys
    }

    func verify(_ jwt: UnverifiedJWT) -> SignatureVerdict { keys.verify(jwt) }
}
