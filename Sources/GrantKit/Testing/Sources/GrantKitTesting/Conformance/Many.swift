// SPDX-License-Identifier: Apache-2.0

/// Runs something many times at once.
enum Many {
    static let count = 100

    /// Runs a function a hundred times at once, with the numbers from 0.
    ///
    /// - Returns: The results, without an order.
    static func atOnce<Value: Sendable>(
        _ run: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        let race = Race(of: count)
        return try await withThrowingTaskGroup(of: Value.self) { group in
            for number in 0..<count { group.addTask { try await race.run { try await run(number) } } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
