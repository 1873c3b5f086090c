// SPDX-License-Identifier: Apache-2.0

/// The deadlines of calls of a plugin from outside, and the times after which the log mentions them.
public struct PluginDeadlines: Sendable {
    /// The deadline of a call that belongs to a request.
    public var call = Duration.seconds(10)
    /// The deadline of a background job and of a batch of events.
    public var job = Duration.seconds(30)
    /// The deadline of `start`, and of preparing a store.
    public var start = Duration.seconds(60)
    /// The time after which the log says that a plugin has not started yet.
    public var slowStart = Duration.seconds(5)
    /// The time after which the log names the plugin and the request that hold a thread.
    public var held = Duration.seconds(2)

    /// The defaults.
    public init() {}
}
