// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A role of an isolated plugin: its place in the description, and what answers its calls.
struct IsolatedRole: Sendable {
    private let place: Int
    private let caller: (any PluginCaller)?

    init(_ place: Int, of caller: (any PluginCaller)?) {
        self.place = place
        self.caller = caller
    }

    /// The plugin's log; nil if the plugin has only been described.
    var log: (any LogService)? { caller?.host.log }

    /// Calls a function of the role, and reads what it returns.
    ///
    /// - Throws: What the plugin throws; `PluginUnavailable`; an error that names the function if its output is malformed.
    func call<Value>(
        _ function: String, _ input: JSON, within limit: Duration? = nil, _ read: (JSON) throws -> Value
    ) async throws -> Value {
        guard let caller else { throw ConfigurationError("the plugin has only been described") }
        let lent = LentValues()
        let output = try await LentValues.$current.withValue(lent) {
            try await caller.output(of: function, role: place, input, within: limit)
        }
        guard output.isNested(atMost: Frame.deepestInside) else {
            throw IsolatedFailure(
                description: "the output of '\(function)' is nested more than \(Frame.deepestInside) deep")
        }
        do {
            return try LentValues.$current.withValue(lent) { try read(output) }
        } catch let error as FormError {
            throw IsolatedFailure(description: "the output of '\(function)' is malformed: \(error)")
        }
    }
}
