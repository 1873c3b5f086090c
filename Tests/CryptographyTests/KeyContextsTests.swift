// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Synchronization
import Testing

@testable import Cryptography

/// What was freed, in order.
private let freed = Mutex<[String]>([])

/// In the place of the library of a provider.
private final class Owner: Sendable {
    deinit { freed.withLock { $0.append("library") } }
}

@Suite("Contexts of keys are kept for reuse")
struct KeyContextsTests {
    /// A key whose end is noted.
    private static func key() throws -> OpaquePointer {
        let key = try #require(generated("P-256"))
        let index = CRYPTO_get_ex_new_index(
            CRYPTO_EX_INDEX_EVP_PKEY, 0, nil, nil, nil,
            { _, mark, _, _, _, _ in
                if mark != nil { freed.withLock { $0.append("key") } }
            })
        #expect(EVP_PKEY_set_ex_data(key, index, UnsafeMutableRawPointer(bitPattern: 1)) == 1)
        return key
    }

    private static func generated(_ curve: String) -> OpaquePointer? {
        let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, curve) == 1,
            EVP_PKEY_generate(context, &key) == 1
        else { return nil }
        return key
    }

    @Test("contexts and their key are freed before the library that they are in")
    func order() throws {
        let key = try Self.key()
        var contexts: KeyContexts? = KeyContexts(keeping: Owner())
        for _ in 0..<2 {
            let isGood = contexts?.use({ EVP_PKEY_CTX_new_from_pkey(nil, key, nil) }, { _ in true })
            #expect(isGood == true)
        }
        EVP_PKEY_free(key)
        #expect(freed.withLock { $0 } == [])
        contexts = nil
        #expect(freed.withLock { $0 } == ["key", "library"])
    }
}
