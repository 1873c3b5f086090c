// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Dispatch
import Glibc
public import GrantKit
import Synchronization

/// A private key that a provider holds: it signs there, on threads of its own, since hardware takes its time.
final class HardwareKey: Sendable {
    private let provider: KeyProvider
    private let uri: String
    private let pin: Secret
    private let algorithm: SignatureAlgorithm
    private let session: Mutex<Session>
    private let queues = (0..<8).map { DispatchQueue(label: "hardware-\($0)") }
    private let turn = Atomic<Int>(0)

    fileprivate init(
        _ provider: KeyProvider, _ uri: String, _ pin: Secret, _ algorithm: SignatureAlgorithm, _ session: Session
    ) {
        (self.provider, self.uri, self.pin, self.algorithm) = (provider, uri, pin, algorithm)
        self.session = Mutex(session)
    }

    func sign(_ message: [UInt8]) async throws -> [UInt8] {
        let queue = queues[turn.wrappingAdd(1, ordering: .relaxed).newValue % queues.count]
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try self.signHere(message) }) }
        }
    }

    /// A session that has failed once may fail for ever, so one more is tried on a new one.
    func signHere(_ message: [UInt8]) throws -> [UInt8] {
        let current = session.withLock { $0 }
        if let signature = try? current.sign(message, algorithm) { return signature }
        let fresh = try session.withLock { session in
            if session === current { session = try Session(provider, uri, pin) }
            return session
        }
        return try fresh.sign(message, algorithm)
    }

    /// The key as long as nothing goes wrong with it.
    fileprivate final class Session: Sendable {
        private let provider: LoadedProvider
        private nonisolated(unsafe) let key: OpaquePointer
        private let contexts = Mutex<[Context]>([])

        private struct Context: @unchecked Sendable {
            let pointer: OpaquePointer
        }

        init(_ provider: KeyProvider, _ uri: String, _ pin: Secret) throws {
            self.provider = try LoadedProvider(provider)
            key = try self.provider.key(uri, pin: pin)
        }

        deinit {
            contexts.withLock { for context in $0 { EVP_PKEY_CTX_free(context.pointer) } }
            EVP_PKEY_free(key)
        }

        /// The public half as an ordinary key: it can be read and verifies without the hardware.
        func publicHalf() throws -> AsymmetricKey {
            var der: UnsafeMutablePointer<UInt8>?
            let length = i2d_PUBKEY(key, &der)
            guard length > 0, let der else {
                throw CryptographyError(
                    found: "the provider has no public half of the key: put the public object beside the private one")
            }
            defer { CRYPTO_free(der, nil, 0) }
            var start: UnsafePointer<UInt8>? = UnsafePointer(der)
            guard let half = d2i_PUBKEY(nil, &start, Int(length)) else {
                throw CryptographyError("the public half of the key cannot be read")
            }
            return try AsymmetricKey(owning: half)
        }

        func sign(_ message: [UInt8], _ algorithm: SignatureAlgorithm) throws -> [UInt8] {
            if algorithm == .edDSA { return try signEdDSA(message) }
            let digest = algorithm.hash.digest(message)
            let context = try takeContext(algorithm)
            var signature = [UInt8](repeating: 0, count: max(Int(EVP_PKEY_get_size(key)), 144))
            var length = signature.count
            guard EVP_PKEY_sign(context.pointer, &signature, &length, digest, digest.count) == 1,
                length <= signature.count
            else {
                EVP_PKEY_CTX_free(context.pointer)
                throw CryptographyError("the provider did not sign")
            }
            contexts.withLock { $0.append(context) }
            if case .ecdsa(let curve) = algorithm.scheme {
                return try ECDSASignature.fixedWidth(signature, length, curve.width)
            }
            return Array(signature.prefix(length))
        }

        private func takeContext(_ algorithm: SignatureAlgorithm) throws -> Context {
            if let context = contexts.withLock({ $0.popLast() }) { return context }
            guard let context = EVP_PKEY_CTX_new_from_pkey(provider.library, key, nil) else {
                throw CryptographyError("no context to sign with")
            }
            guard EVP_PKEY_sign_init(context) == 1, AsymmetricKey.setPadding(context, algorithm) else {
                EVP_PKEY_CTX_free(context)
                throw CryptographyError("the provider does not sign with '\(algorithm.rawValue)'")
            }
            return Context(pointer: context)
        }

        private func signEdDSA(_ message: [UInt8]) throws -> [UInt8] {
            let context = EVP_MD_CTX_new()
            defer { EVP_MD_CTX_free(context) }
            var signature = [UInt8](repeating: 0, count: 64)
            var length = signature.count
            guard EVP_DigestSignInit_ex(context, nil, nil, provider.library, nil, key, nil) == 1,
                EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length == 64
            else { throw CryptographyError("the provider did not sign") }
            return signature
        }
    }
}

extension SigningKey {
    /// Opens a key that a provider holds, and has it sign once to see that it does.
    ///
    /// - Parameters:
    ///   - uri: The key (RFC 7512, or any URI that the provider opens).
    ///   - pin: What opens the token.
    ///   - provider: The provider.
    ///   - algorithm: What it signs with; of RSA keys RS256 if it is nil, of others their only one.
    /// - Throws: `CryptographyError` that says what is wrong and what to do.
    public convenience init(
        uri: String, pin: Secret, provider: KeyProvider, algorithm: SignatureAlgorithm? = nil
    ) throws {
        let session = try SigningKey.session(uri, pin, provider)
        let half = try session.publicHalf()
        let algorithm = try SigningKey.checked(half, algorithm)
        let hardware = HardwareKey(provider, uri, pin, algorithm, session)
        let message = Array("grantor".utf8)
        guard half.verify(try hardware.signHere(message), of: message, by: algorithm) else {
            throw CryptographyError(
                found:
                    "what the provider signs does not verify with the public half: their objects do not belong together"
            )
        }
        self.init(half, algorithm, hardware: hardware)
    }

    /// A token may be busy when several servers start at once; a wrong PIN must not be tried often.
    private static func session(
        _ uri: String, _ pin: Secret, _ provider: KeyProvider
    ) throws -> HardwareKey.Session {
        do {
            return try HardwareKey.Session(provider, uri, pin)
        } catch {
            usleep(100_000)
            return try HardwareKey.Session(provider, uri, pin)
        }
    }
}
