// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

@_spi(Host)
extension JSONWebKeySet: VerificationKeys {
    /// Verifies the signature of a JWS with the one key that may have made it.
    public func verify(_ token: String) -> SignatureVerdict {
        let signature: CompactJWS
        do {
            signature = try CompactJWS(token)
        } catch {
            return .wrong(error.reason)
        }
        do {
            let key = try key(for: signature)
            return verify(signature, by: key)
        } catch {
            return .unknownKey(error.reason)
        }
    }

    private func verify(_ signature: CompactJWS, by key: JSONWebKey) -> SignatureVerdict {
        do {
            _ = try signature.verified(by: key)
            return .valid
        } catch {
            // Without 'kid', the party may have replaced the key by another one.
            return signature.header["kid"] == nil ? .unknownKey(error.reason) : .wrong(error.reason)
        }
    }
}
