// SPDX-License-Identifier: Apache-2.0

/// Has something to commit together with the change that an event is about, such as a job that tells others of it.
///
/// What it returns is in the store if and only if the change is, so no such event is lost and none is made up, however
/// the process ends. An event that only has to be recorded needs an `EventSink` and not this.
public protocol EventOutbox: Sendable {
    /// The kinds of events that it is asked for, all of `Event.Kind.promised`.
    var kinds: Set<Event.Kind> { get }
    /// What is committed together with the change that an event is about.
    ///
    /// It is called before the commit, with the event as the sinks get it afterwards, and again if the change has to be
    /// tried again. A command that changes clients or users calls it too, in a process in which the plugin has not been
    /// started: of the host, only jobs, time, random bytes and digests can be used for these kinds.
    ///
    /// - Parameter event: The event.
    /// - Returns: Only writes that create a record with a key of its own, as `JobService.enqueue` does: a condition that
    ///   does not hold would keep the change from being committed.
    /// - Throws: `StoreError` if the store fails; the change is not made then, and can be repeated. After any other error,
    ///   the change is committed without what this plugin adds, and the log says so.
    func writes(for event: Event) async throws -> [StoreWrite]
}

extension Event.Kind {
    /// The kinds of events that outboxes are asked for, since each of them is about a change in the store.
    public static let promised: Set<Event.Kind> = [
        .signedIn, .sessionRaised, .sessionEnded, .consented, .tokenRevoked, .grantRevoked, .userChanged, .clientChanged,
    ]
}
