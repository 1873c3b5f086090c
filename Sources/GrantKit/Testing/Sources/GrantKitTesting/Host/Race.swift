// SPDX-License-Identifier: Apache-2.0

/// Tasks that a check runs at once.
///
/// On a machine with one processor, such tasks would run one after another. So they begin together, and each waits for
/// the others after its first look into the store: what a plugin reads then has changed when it writes.
@_spi(Host)
public final class Race: Sendable {
    @TaskLocal private static var current: Race?
    /// More than enough for each task to have its turn.
    private static let patience = 1000

    private let start: MeetingPoint
    private let reading: MeetingPoint
    private let middle: MeetingPoint

    init(of count: Int) {
        start = MeetingPoint(of: count)
        reading = MeetingPoint(of: count)
        middle = MeetingPoint(of: count)
    }

    /// Runs one of the tasks.
    func run<Value>(_ body: () async throws -> Value) async throws -> Value {
        defer {
            reading.leave()
            middle.leave()
        }
        await start.meet()
        return try await Race.$current.withValue(self) { try await body() }
    }

    /// Waits for the other tasks after something was read.
    static func hasRead() async {
        await current?.reading.meet(turns: patience)
    }

    /// Waits for the other tasks, if there are any: for faults in the tests of the kit that do not use the store.
    public static func meet() async {
        await current?.middle.meet()
    }
}
