// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// The clients of a test's host.
public final class TestClients: ClientDirectory {
    private let all = Mutex<[[UInt8]: Client]>([:])

    /// The clients' documents.
    public let documents: any DocumentDirectory

    init(_ documents: TestDocuments) {
        self.documents = documents
    }

    /// Adds a client, or replaces the one with its id.
    public func add(_ client: Client) {
        all.withLock { $0[Array(client.id.utf8)] = client }
    }

    /// The client with an id; nil if there is none.
    public func find(_ id: String) async throws -> Client? {
        all.withLock { $0[Array(id.utf8)] }
    }
}
