// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Dispatch
import Glibc
public import GrantKit
import Synchronization

/// A private key held by a provider, which signs on separate threads since hardware is slow.
final class HardwareKey: Sendable {
    /// How long to wait before opening another session after one that failed to open or to sign.
    static let pause = Duration.seconds(5)

    private struct Session {
        var contexts: SigningContexts
        var failure: (error: any Error, moment: ContinuousClock.Instant)?
    }

    private let session: Mutex<Session>
    private let open: @Sendable () throws -> SigningContexts
    private let now: @Sendable () -> ContinuousClock.Instant
    private let queues = (0..<8).map { DispatchQueue(label: "hardware-\($0)") }
    private let turn = Atomic<Int>(0)

    /// Creates a key with an open session.
    ///
    /// - Parameters:
    ///   - contexts: The session.
    ///   - now: Returns the current time.
    ///   - open: Opens another session after one has failed.
    init(
        _ contexts: SigningContexts, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        open: @escaping @Sendable () throws -> SigningContexts
    ) {
        session = Mutex(Session(contexts: contexts))
        (self.now, self.open) = (now, open)
    }

    func sign(_ message: [UInt8]) async throws -> [UInt8] {
        let queue = queues[turn.wrappingAdd(1, ordering: .relaxed).newValue % queues.count]
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try self.signHere(message) }) }
        }
    }

    /// Signs on the caller's thread; if the session fails, it may fail for good, so tries once more on a new session.
    func signHere(_ message: [UInt8]) throws -> [UInt8] {
        let current = session.withLock { $0.contexts }
        if let signature = try? current.sign(message) { return signature }
        return try renewed(after: current).sign(message)
    }

    /// The session that replaces a failed one.
    ///
    /// Opening a session tries the PIN, and a token locks itself after a few wrong PINs. So a PIN that may have been
    /// refused is not tried again, and after other failures no session is opened for a while, whatever the demand.
    private func renewed(after failed: SigningContexts) throws -> SigningContexts {
        try session.withLock { session in
            guard session.contexts === failed else { return session.contexts }
            if let failure = session.failure {
                let isOver = now() - failure.moment >= HardwareKey.pause && !(failure.error is RefusedPIN)
                guard isOver else { throw failure.error }
            }
            do {
                session.contexts = try open()
                // The error for later callers in case this session does not sign either.
                session.failure = (CryptographyError(found: "the key does not sign on a new session"), now())
            } catch {
                session.failure = (error, now())
                throw error
            }
            return session.contexts
        }
    }
}

/// A key opened at its provider.
@safe private final class OpenedKey {
    let provider: LoadedProvider
    let pointer: OpaquePointer

    init(_ provider: KeyProvider, _ uri: String, _ pin: Secret) throws {
        // Safe: this object owns the key and frees it in 'deinit'; memory allocated by OpenSSL is freed below.
        self.provider = try LoadedProvider(provider)
        unsafe pointer = try unsafe self.provider.key(uri, pin: pin)
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    func contexts(_ algorithm: SignatureAlgorithm) -> SigningContexts {
        unsafe SigningContexts(pointer, algorithm, provider: provider)
    }

    /// The public half as an ordinary key, which is readable and verifies without the hardware.
    func publicHalf() throws -> AsymmetricKey {
        var der: UnsafeMutablePointer<UInt8>?
        let length = unsafe i2d_PUBKEY(pointer, &der)
        guard length > 0, let der = unsafe der else {
            throw CryptographyError(
                found: "the provider does not have the public half of the key: add the public object to the token")
        }
        defer { unsafe CRYPTO_free(der, nil, 0) }
        var start: UnsafePointer<UInt8>? = unsafe UnsafePointer(der)
        guard let half = unsafe d2i_PUBKEY(nil, &start, Int(length)) else {
            throw CryptographyError("the public half of the key cannot be read")
        }
        return try unsafe AsymmetricKey(owning: half)
    }
}

extension SigningKey {
    /// Opens a key held by a provider, and signs once to check that it works.
    ///
    /// - Parameters:
    ///   - uri: The key's URI (RFC 7512, or any other URI that the provider supports).
    ///   - pin: The PIN of the token.
    ///   - provider: The provider.
    ///   - algorithm: The algorithm; nil for RS256 with an RSA key, and for the only algorithm of other keys.
    /// - Throws: `CryptographyError` that says what is wrong and what to do.
    public convenience init(
        uri: String, pin: Secret, provider: KeyProvider, algorithm: SignatureAlgorithm? = nil
    ) throws {
        let opened = try SigningKey.opened(uri, pin, provider)
        let half = try opened.publicHalf()
        let algorithm = try SigningKey.checked(half, algorithm)
        let hardware = HardwareKey(opened.contexts(algorithm)) {
            try OpenedKey(provider, uri, pin).contexts(algorithm)
        }
        let message = Array("grantor".utf8)
        guard half.verify(try hardware.signHere(message), of: message, by: algorithm) else {
            throw CryptographyError(
                found:
                    "the provider's signature does not verify with the public half: the objects do not belong together"
            )
        }
        self.init(half, algorithm, hardware: hardware)
    }

    /// Opens a key and tries twice, since a token may be busy when several servers start; never retries a refused PIN.
    private static func opened(_ uri: String, _ pin: Secret, _ provider: KeyProvider) throws -> OpenedKey {
        do {
            return try OpenedKey(provider, uri, pin)
        } catch let refusal as RefusedPIN {
            throw refusal
        } catch {
            usleep(100_000)
            return try OpenedKey(provider, uri, pin)
        }
    }
}
