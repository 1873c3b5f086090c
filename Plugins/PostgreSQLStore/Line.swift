// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// One of the pool's connections, which is opened again whenever it is lost.
final class Line {
    /// A round that was sent, and the answers so far.
    private struct Flight {
        /// Nil for a round of the connection itself, or if nobody waits for it any more.
        var conversation: (any Conversation)?
        let isCommit: Bool
        /// The time by which something of it must arrive; nil if it may take as long as the connection lasts.
        var deadline: ContinuousClock.Instant?
        var answers: [Answer] = []
        var failure: Failure?
    }

    private enum State {
        case waiting(until: ContinuousClock.Instant)
        case dialing
        case preparing
        case ready
        /// A commit has taken so long that its callers were told.
        case overdue
    }

    /// The maximum number of queries whose answers are awaited at the same time.
    private static let depth = 16
    private static let longestPause = Duration.seconds(5)

    let number: Int
    let isWriter: Bool
    private let settings: PoolSettings
    private var state = State.waiting(until: .now)
    private var connection: Connection?
    private var flights: [Flight] = []
    private(set) var isBlocked = false
    private var lastFailure: Failure?
    /// The number of attempts to connect that have failed in a row.
    private var failures = 0

    init(_ number: Int, isWriter: Bool, _ settings: PoolSettings) {
        (self.number, self.isWriter, self.settings) = (number, isWriter, settings)
    }

    var descriptor: Int32? { connection?.descriptor }
    /// The number of rounds that somebody waits for.
    var load: Int { flights.count { $0.conversation != nil } }

    var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    var isOverdue: Bool {
        if case .overdue = state { true } else { false }
    }

    var takesQueries: Bool { isReady && !isWriter && flights.count < Line.depth }
    var takesBatches: Bool { isReady && isWriter && flights.isEmpty }

    // MARK: opening

    /// Whether it is time to connect again.
    func isDue(_ now: ContinuousClock.Instant) -> Bool {
        if case .waiting(let until) = state { until <= now } else { false }
    }

    func dial() {
        state = .dialing
    }

    /// Why the connection was lost, or could not be opened, since this was last asked.
    func takeFailure() -> Failure? {
        defer { lastFailure = nil }
        return lastFailure
    }

    func refused(_ failure: Failure) {
        lastFailure = failure
        failures += 1
        let pause = Duration.milliseconds(100) * (1 << min(failures, 6))
        // Not all at the same time, neither those of this node nor those of others.
        state = .waiting(until: .now + min(pause, Line.longestPause) * Double.random(in: 0.5...1))
    }

    func open(_ opened: Connection) {
        guard opened.pipeline() else { return refused(.lost) }
        (connection, state, flights, isBlocked) = (opened, .preparing, [], false)
        guard settings.isPrepared else {
            (state, failures) = (.ready, 0)
            return
        }
        let isSent =
            Statement.all.allSatisfy { opened.prepare($0) }
            && opened.send(settings.configuration(isLocal: false), prepared: true) && opened.sync()
        flights = [Flight(conversation: nil, isCommit: false, deadline: .now + settings.patience)]
        if isSent { flush() } else { lose(.lost) }
    }

    // MARK: sending

    /// Begins a conversation, whose first round is sent at once.
    func start(_ conversation: any Conversation, _ now: ContinuousClock.Instant) {
        advance(conversation, [], now)
    }

    private func advance(_ conversation: any Conversation, _ answers: [Answer], _ now: ContinuousClock.Instant) {
        do {
            if let round = try conversation.next(answers) { send(round, conversation, now) }
        } catch {
            conversation.fail(error, isUnknown: false)
            tidy(now)
        }
    }

    private func send(_ round: Round, _ conversation: (any Conversation)?, _ now: ContinuousClock.Instant) {
        flights.append(
            Flight(conversation: conversation, isCommit: round.isCommit, deadline: now + settings.patience))
        guard let connection, round.calls.allSatisfy({ connection.send($0, prepared: settings.isPrepared) }),
            connection.sync()
        else { return lose(.lost) }
        flush()
    }

    private func flush() {
        guard let isBlocked = connection?.flush() else { return lose(.lost) }
        self.isBlocked = isBlocked
    }

    /// Ends a transaction that has failed, before anything else is sent.
    private func tidy(_ now: ContinuousClock.Instant) {
        guard isReady, flights.isEmpty, connection?.isIdle == false else { return }
        send(Round(calls: [Statement.rollback()]), nil, now)
    }

    // MARK: receiving

    /// Reads what has arrived, and gives up what has taken too long.
    ///
    /// - Parameters:
    ///   - now: The current time.
    ///   - hasNews: Whether the socket can be read or written, or is broken.
    func serve(_ now: ContinuousClock.Instant, hasNews: Bool) {
        if hasNews { serveSocket(now) }
        guard let first = flights.first, let deadline = first.deadline, deadline < now else { return }
        if first.isCommit { leave() } else { lose(.late) }
    }

    /// Tells the callers of a commit that it is late, and keeps the connection until the server has answered.
    ///
    /// A commit that waits for a standby cannot be ended. Each connection in its place would soon wait as well, until the
    /// server has none left.
    private func leave() {
        guard let late = flights.first?.conversation else { return lose(.late) }
        (flights[0].conversation, flights[0].deadline) = (nil, nil)
        (state, lastFailure) = (.overdue, .late)
        late.fail(.late, isUnknown: true)
    }

    private func serveSocket(_ now: ContinuousClock.Instant) {
        guard let connection else { return }
        if isBlocked { flush() }
        let isOpen = connection.receive()
        takeAnswers(connection, now)
        if !isOpen, self.connection === connection { lose(.lost) }
    }

    private func takeAnswers(_ connection: Connection, _ now: ContinuousClock.Instant) {
        var pauses = 0
        while self.connection === connection, !flights.isEmpty, !connection.isWaiting, pauses < 2 {
            // Nothing comes after each answer, and twice if there is no other one.
            guard let answer = connection.next() else {
                pauses += 1
                continue
            }
            pauses = 0
            take(answer, now)
        }
    }

    private func take(_ answer: Answer, _ now: ContinuousClock.Instant) {
        guard !flights.isEmpty else { return }
        switch answer.kind {
        case .end: finish(flights.removeFirst(), now)
        case .success:
            flights[0].answers.append(answer)
            if flights[0].deadline != nil { flights[0].deadline = now + settings.patience }
        case .skipped: break
        case .failure:
            let failure = Failure.refused(code: answer.code, message: answer.message)
            flights[0].failure = flights[0].failure ?? failure
        }
    }

    private func finish(_ flight: Flight, _ now: ContinuousClock.Instant) {
        if let failure = flight.failure {
            // Known, since the server has answered: a commit after a failure is not run.
            flight.conversation?.fail(failure, isUnknown: false)
            return flight.conversation == nil || failure.isOfServer ? lose(failure) : tidy(now)
        }
        if let conversation = flight.conversation { return advance(conversation, flight.answers, now) }
        switch state {
        case .preparing, .overdue: (state, failures) = (.ready, 0)
        default: break
        }
    }

    /// Closes the connection and ends what was in progress.
    private func lose(_ failure: Failure) {
        let unfinished = flights
        (flights, connection, isBlocked) = ([], nil, false)
        lastFailure = failure
        if case .ready = state { state = .waiting(until: .now) } else { refused(failure) }
        for flight in unfinished {
            flight.conversation?.fail(flight.failure ?? failure, isUnknown: flight.isCommit)
        }
    }
}
