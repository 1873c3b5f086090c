// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Synchronization

/// A connection outside of the pool, whose calls wait on a queue of their own.
final class BlockingSession: Sendable {
    private let queue = DispatchQueue(label: "postgres-store session")
    private let address: ServerAddress
    private let connection: Connection

    private init(_ address: ServerAddress, _ connection: Connection) {
        (self.address, self.connection) = (address, connection)
    }

    /// Connects on a thread of its own, since libpq blocks.
    ///
    /// - Throws: `StoreError`.
    static func open(_ address: ServerAddress) async throws -> BlockingSession {
        let result = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: Result { () throws(Failure) in try address.connect() })
            }
        }
        switch result {
        case .success(let connection): return BlockingSession(address, connection)
        case .failure(let failure): throw failure.explained(address.place)
        }
    }

    /// Runs work on the connection, one call after another.
    ///
    /// - Throws: `StoreError`.
    func run<Value: Sendable>(_ work: @escaping @Sendable (Connection) throws(Failure) -> Value) async throws -> Value {
        let result = await withCheckedContinuation { continuation in
            queue.async { [connection] in
                continuation.resume(returning: Result { () throws(Failure) in try work(connection) })
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let failure): throw failure.explained(address.place)
        }
    }
}
