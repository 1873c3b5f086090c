// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Dispatch
import Glibc
public import GrantKit
import Synchronization

/// A private key that a provider holds: it signs there, on threads of its own, since hardware takes its time.
final class HardwareKey: Sendable {
    /// How long none is opened anew after one that did not open or did not sign.
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

    /// Signs with a session.
    ///
    /// - Parameters:
    ///   - contexts: The session.
    ///   - now: The current time.
    ///   - open: Opens another one, after this one has failed.
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

    /// A session that has failed once may fail for ever, so one more is tried on a new one.
    func signHere(_ message: [UInt8]) throws -> [UInt8] {
        let current = session.withLock { $0.contexts }
        if let signature = try? current.sign(message) { return signature }
        return try renewed(after: current).sign(message)
    }

    /// The session that follows one that has failed.
    ///
    /// Each one that is opened tries the PIN, and a token locks itself after a few wrong ones. So a PIN that may have been
    /// refused is not tried again, and after other failures, whatever is asked for meanwhile, none is opened for a while.
    private func renewed(after failed: SigningContexts) throws -> SigningContexts {
        try session.withLock { session in
            guard session.contexts === failed else { return session.contexts }
            if let failure = session.failure {
                let isOver = now() - failure.moment >= HardwareKey.pause && !(failure.error is RefusedPIN)
                guard isOver else { throw failure.error }
            }
            do {
                session.contexts = try open()
                // Should it not sign either, this is what others are told for a while.
                session.failure = (CryptographyError(found: "the key does not sign on a new session"), now())
            } catch {
                session.failure = (error, now())
                throw error
            }
            return session.contexts
        }
    }
}

/// A key as its provider hands it out.
@safe private final class OpenedKey {
    let provider: LoadedProvider
    let pointer: OpaquePointer

    init(_ provider: KeyProvider, _ uri: String, _ pin: Secret) throws {
        // The key is this object's own until it goes; what OpenSSL hands out is freed here.
        self.provider = try LoadedProvider(provider)
        unsafe pointer = try unsafe self.provider.key(uri, pin: pin)
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    func contexts(_ algorithm: SignatureAlgorithm) -> SigningContexts {
        unsafe SigningContexts(pointer, algorithm, provider: provider)
    }

    /// The public half as an ordinary key: it can be read and verifies without the hardware.
    func publicHalf() throws -> AsymmetricKey {
        var der: UnsafeMutablePointer<UInt8>?
        let length = unsafe i2d_PUBKEY(pointer, &der)
        guard length > 0, let der = unsafe der else {
            throw CryptographyError(
                found: "the provider has no public half of the key: put the public object beside the private one")
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
                    "what the provider signs does not verify with the public half: their objects do not belong together"
            )
        }
        self.init(half, algorithm, hardware: hardware)
    }

    /// A token may be busy when several servers start at once; a PIN that may be wrong is not tried twice.
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
