// SPDX-License-Identifier: Apache-2.0

/// Runs something in a task that is cancelled from its beginning, so that a check finds the same in each run.
enum CancelledTask {
    /// - Returns: What the function returns; nil if it throws.
    static func result<Value: Sendable>(_ run: @escaping @Sendable () async throws -> Value) async -> Value? {
        await withTaskGroup(of: Value?.self) { group in
            group.cancelAll()
            group.addTask { try? await run() }
            return await group.next() ?? nil
        }
    }
}
