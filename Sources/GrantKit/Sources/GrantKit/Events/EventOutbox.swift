// SPDX-License-Identifier: Apache-2.0

/// Adds writes to the commit of the change that an event is about, such as a job that notifies others.
///
/// The writes are committed together with the change or not at all, however the process ends. So no such event is lost,
/// and none is reported that did not happen. If you only record events, use an `EventSink` instead.
public protocol EventOutbox: Sendable {
    /// The kinds of events for which it is called, all of them in `Event.Kind.promised`.
    var kinds: Set<Event.Kind> { get }
    /// Whether no change is made without the writes, even while the plugin cannot be asked.
    ///
    /// That is so while its process is being started again, or if it does not answer in time. After a mistake of the
    /// plugin, the change is made without the writes all the same.
    var isRequired: Bool { get }
    /// The writes to commit together with the change that an event is about.
    ///
    /// The core calls this before the commit, with the event as the sinks get it afterwards. It may call it again if it
    /// repeats the change. Commands that change clients or users call it too, in a process in which the plugin has not
    /// been started. So for `userChanged` and `clientChanged`, use only jobs, time, random bytes and digests of the
    /// host.
    ///
    /// - Parameter event: The event.
    /// - Returns: The writes, all of them `create` with a new key, such as those from `JobService.enqueue`. Any other
    ///   write could keep the change from being committed.
    /// - Throws: `StoreError` if the store fails; the change is then not made and can be repeated. After any other
    ///   error, the change is committed without the writes of this plugin, and the log says so.
    func writes(for event: Event) async throws -> [StoreWrite]
}

extension EventOutbox {
    /// Not required: the change is made without the writes.
    public var isRequired: Bool { false }
}

extension Event.Kind {
    /// The kinds of events that outboxes can be called for, because each is about a change in the store.
    public static let promised: Set<Event.Kind> = [
        .signedIn, .sessionRaised, .sessionEnded, .consented, .tokenRevoked, .grantRevoked, .userChanged,
        .clientChanged,
    ]
}
