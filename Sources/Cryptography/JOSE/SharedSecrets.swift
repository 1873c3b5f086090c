// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Secrets that another party shares with the server, of which one must have authenticated a JWS.
struct SharedSecrets: VerificationKeys {
    private let keys: [JSONWebKey]

    init(_ secrets: [Secret]) {
        keys = secrets.compactMap { secret in
            try? JSONWebKey(["kty": "oct", "k": .string(Base64URL.encode(Array(secret.exposed.utf8)))])
        }
    }

    func verify(_ jwt: UnverifiedJWT) -> SignatureVerdict {
        do {
            let signature = try JWSSignature(jwt.header, of: jwt.signed, jwt.signature)
            guard keys.contains(where: { $0.fits(signature.algorithm) }) else {
                return .wrong("the secret is shorter than a code of its algorithm (RFC 7518 section 3.2)")
            }
            for key in keys where (try? signature.verify(by: key)) != nil { return .valid }
            return .wrong("the message authentication code is wrong")
        } catch {
            return .wrong(error.reason)
        }
    }
}
