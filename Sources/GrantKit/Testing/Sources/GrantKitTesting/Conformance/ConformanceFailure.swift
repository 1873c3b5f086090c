// SPDX-License-Identifier: Apache-2.0

/// A broken rule: what the plugin did, and what was expected.
public struct ConformanceFailure: Error, CustomStringConvertible, Sendable {
    /// What the plugin did, and what was expected.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

func expect(_ holds: Bool, _ description: @autoclosure () -> String) throws {
    if !holds { throw ConformanceFailure(description()) }
}
