// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A secret in the store, sealed or not.
enum StoredSecret: Sendable, Hashable {
    case open(Secret)
    case sealed(SealedText)

    /// The id of the sealing key; nil if the secret is not sealed.
    var sealedUnder: String? {
        if case .sealed(let sealed) = self { sealed.key } else { nil }
    }

    var json: JSON {
        switch self {
        case .open(let text): .string(text.exposed)
        case .sealed(let sealed):
            [
                "sealed_under": .string(sealed.key), "nonce": .string(Base64URL.encode(sealed.nonce)),
                "text": .string(Base64URL.encode(sealed.text)),
            ]
        }
    }

    init?(_ json: JSON?) {
        if let text = json?.string {
            self = .open(Secret(text))
        } else {
            guard let key = json?["sealed_under"]?.string,
                let nonce = Base64URL.decode((json?["nonce"]?.string ?? "").utf8),
                let text = Base64URL.decode((json?["text"]?.string ?? "").utf8)
            else { return nil }
            self = .sealed(SealedText(key: key, nonce: nonce, text: text))
        }
    }
}
