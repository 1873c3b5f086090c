// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

@_spi(Host)
extension JSONWebKeySet: VerificationKeys {
    /// Verifies the signature of a JWT with the one key that may have made it.
    public func verify(_ jwt: UnverifiedJWT) -> SignatureVerdict {
        let signature: JWSSignature
        do {
            signature = try JWSSignature(jwt.header, of: jwt.signed, jwt.signature)
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

    private func verify(_ signature: JWSSignature, by key: JSONWebKey) -> SignatureVerdict {
        do {
            try signature.verify(by: key)
            return .valid
        } catch {
            // Without 'kid', the party may have replaced the key by another one.
            return signature.header["kid"] == nil ? .unknownKey(error.reason) : .wrong(error.reason)
        }
    }
}
