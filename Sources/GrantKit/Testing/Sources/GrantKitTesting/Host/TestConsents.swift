// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// The consents of a test's host.
public final class TestConsents: ConsentDirectory {
    private let all = Mutex<[(user: String, consent: StoredConsent)]>([])

    /// Makes an empty directory.
    public init() {}

    /// Adds a consent of a user.
    public func add(_ consent: StoredConsent, of user: String) {
        all.withLock { $0.append((user, consent)) }
    }

    /// A user's consents.
    public func list(user id: String) async throws -> [StoredConsent] {
        all.withLock { $0.filter { $0.user == id }.map(\.consent) }
    }

    /// Ends the consents of a user to a client.
    public func end(user id: String, client: String, reason: String) async throws {
        all.withLock { $0.removeAll { $0.user == id && $0.consent.clientID == client } }
    }
}
