// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Cryptography

@Suite("A key held by a provider, when something goes wrong", .timeLimit(.minutes(10)))
struct HardwareKeyTests {
    /// Returns prepared sessions and counts how often one was opened.
    private final class Token: Sendable {
        let state = Mutex((opened: 0, seconds: 0, failure: nil as (any Error)?, signs: true))
        let start = ContinuousClock.now
        let key: AsymmetricKey

        init() throws { key = try SigningKey.generate().key }

        var opened: Int { state.withLock { $0.opened } }

        func session(signs: Bool) -> SigningContexts {
            // An elliptic curve key cannot sign with RS256.
            SigningContexts(key.pointer, signs ? .es256 : .rs256)
        }

        func hardware(signs: Bool = false) -> HardwareKey {
            HardwareKey(session(signs: signs), now: { self.start + .seconds(self.state.withLock { $0.seconds }) }) {
                let (failure, signs) = self.state.withLock { state in
                    state.opened += 1
                    return (state.failure, state.signs)
                }
                if let failure { throw failure }
                return self.session(signs: signs)
            }
        }
    }

    private let message = Array("message".utf8)

    @Test("a session that signs is kept")
    func fine() throws {
        let token = try Token()
        let key = token.hardware(signs: true)
        for _ in 0..<10 { #expect(token.key.verify(try key.signHere(message), of: message, by: .es256)) }
        #expect(token.opened == 0)
    }

    @Test("a failed session is replaced, and the request is answered")
    func replaced() throws {
        let token = try Token()
        let key = token.hardware()
        for _ in 0..<10 { #expect(token.key.verify(try key.signHere(message), of: message, by: .es256)) }
        #expect(token.opened == 1)
    }

    @Test("after a session that did not open, none is tried for some seconds", arguments: [true, false])
    func pause(_ opens: Bool) throws {
        let token = try Token()
        token.state.withLock { ($0.failure, $0.signs) = (opens ? nil : CryptographyError(found: "gone"), false) }
        let key = token.hardware()
        for second in 0..<12 {
            token.state.withLock { $0.seconds = second }
            for _ in 0..<20 { #expect(throws: CryptographyError.self) { try key.signHere(message) } }
        }
        #expect(token.opened == 3)
        token.state.withLock { ($0.failure, $0.signs, $0.seconds) = (nil, true, 60) }
        #expect(token.key.verify(try key.signHere(message), of: message, by: .es256))
    }

    @Test("a refused PIN is tried once, however many requests follow and for however long")
    func pin() throws {
        let token = try Token()
        token.state.withLock { $0.failure = RefusedPIN("pkcs11:token=a") }
        let key = token.hardware()
        for hour in 0..<10 {
            token.state.withLock { $0.seconds = hour * 3600 }
            for _ in 0..<20 { #expect(throws: RefusedPIN.self) { try key.signHere(message) } }
        }
        #expect(token.opened == 1)
    }
}
