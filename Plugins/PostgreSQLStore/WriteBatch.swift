// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Commits several jobs in one transaction: one round reads what their conditions are about, one writes and commits.
final class WriteBatch: Conversation {
    /// What a batch needs to know of the place where it runs.
    struct Setting {
        /// The database, as messages call it.
        let place: String
        /// What is set in each transaction; nil if the session has it.
        let configuration: Call?
        /// Takes jobs that are to be tried again.
        let retry: ([WriteJob]) -> Void
    }

    private let jobs: [WriteJob]
    private let setting: Setting
    private var plan = BatchPlan()
    private var results: [Int: Result<WriteJob.Result, StoreError>] = [:]
    private var isPlanned = false
    /// The jobs that the answers of the last round belong to; nil for answers that belong to none.
    private var owners: [Int?] = []

    init(_ jobs: [WriteJob], _ setting: Setting) {
        (self.jobs, self.setting) = (jobs, setting)
    }

    func next(_ answers: [Answer]) throws(Failure) -> Round? {
        if !isPlanned {
            isPlanned = true
            let round = plannedRound()
            return round ?? lastRound([Statement.begin()] + configuration)
        }
        if owners.isEmpty {
            try decide(answers)
            return lastRound([])
        }
        try finish(answers)
        return nil
    }

    private var configuration: [Call] { setting.configuration.map { [$0] } ?? [] }
    private var isRelaxed: Bool { jobs.allSatisfy(\.isRelaxed) }

    /// The round that locks and reads; nil if no job has conditions.
    private func plannedRound() -> Round? {
        for (number, job) in jobs.enumerated() {
            guard case .write(let writes) = job.work else { continue }
            do { try plan.add(writes) } catch { results[number] = .failure(error.explained(setting.place)) }
        }
        guard !plan.written.isEmpty || !plan.looked.isEmpty else { return nil }
        var calls = [Statement.begin()] + configuration + [plan.locks.call]
        for (keys, statement) in [(plan.written, Statement.readForUpdate), (plan.looked, Statement.read)]
        where !keys.isEmpty {
            calls.append(statement(keys.parameters.collections, keys.parameters.ids))
        }
        return Round(calls: calls)
    }

    /// Decides what is written, by the answers to the first round.
    private func decide(_ answers: [Answer]) throws(Failure) {
        var answers = answers
        // In the opposite order of the statements; a key that is written is not among those that are only looked up.
        for keys in [plan.looked, plan.written] where !keys.isEmpty {
            guard let answer = answers.popLast() else { throw .broken("returned too few results") }
            plan.take(try StoredRow.rows(of: keys, in: answer), of: keys)
        }
        for (number, job) in jobs.enumerated() where results[number] == nil {
            guard case .write(let writes) = job.work else { continue }
            do {
                results[number] = .success(.wrote(try plan.make(writes)))
            } catch {
                results[number] = .failure(error.explained(setting.place))
            }
        }
    }

    /// The round that writes and commits.
    private func lastRound(_ first: [Call]) -> Round {
        var calls = first + plan.calls
        owners = calls.map { _ in nil }
        for (number, call) in ownedCalls {
            calls.append(call)
            owners.append(number)
        }
        calls += changeCalls
        owners += changeCalls.map { _ in nil }
        let isCommit = calls.count > first.count
        calls += [isRelaxed ? Statement.relax() : Statement.untimed(), Statement.commit()]
        owners += [nil, nil]
        return Round(calls: calls, isCommit: isCommit)
    }

    /// The statements whose answers are results, with the numbers of their jobs.
    private var ownedCalls: [(Int, Call)] {
        var counted: [(number: Int, key: StoreKey, call: Call)] = []
        for (number, job) in jobs.enumerated() {
            switch job.work {
            case .write: break
            case .increment(let key, let expiresAt, let now):
                let call = Statement.increment(
                    key.parameters.collection, key.parameters.id, .integer(expiresAt.seconds), .integer(now.seconds))
                counted.append((number, key, call))
            case .purge(let moment, let limit):
                let statement = moment.seconds <= Schema.never ? Statement.purge : Statement.purgeAll
                let call = statement(.integer(moment.seconds), .integer(Int64(limit)))
                counted.append((number, StoreKey("", ""), call))
            }
        }
        // Every transaction locks counters in the same order, after all other locks.
        return counted.sorted { $0.key.precedes($1.key) }.map { ($0.number, $0.call) }
    }

    /// The statements about the log of changes, which come last: nothing may wait for the network behind their lock.
    private var changeCalls: [Call] {
        var (changed, calls): ([StoreKey], [Call]) = ([], [])
        for (number, job) in jobs.enumerated() {
            if case .purge(_, let limit) = job.work {
                calls.append(Statement.trimChanges(.integer(ChangePosition.kept), .integer(Int64(limit))))
            }
            if case .success(.wrote(.committed)) = results[number] { changed += job.changed }
        }
        guard !changed.isEmpty else { return calls }
        let parameters = changed.parameters
        return calls + [Statement.lockChanges(), Statement.addChanges(parameters.collections, parameters.ids)]
    }

    private func finish(_ answers: [Answer]) throws(Failure) {
        guard answers.count == owners.count, answers.last?.command == "COMMIT" else {
            throw .broken("did not commit a transaction")
        }
        for (owner, answer) in zip(owners, answers) {
            guard let owner else { continue }
            guard let count = answer.integer(0, 0) else { throw .broken("returned no count") }
            results[owner] = .success(.counted(count))
        }
        for (number, job) in jobs.enumerated() {
            job.finish(results[number] ?? .failure(StoreError("the store \(setting.place) lost the result of a write")))
        }
    }

    func fail(_ failure: Failure, isUnknown: Bool) {
        if !isUnknown, let jobs = jobs(after: failure) { return setting.retry(jobs) }
        let error = failure.explained(setting.place, isUnknown: isUnknown)
        for job in jobs { job.finish(.failure(error)) }
    }

    /// The jobs as they are to be tried again; nil if they have failed.
    private func jobs(after failure: Failure) -> [WriteJob]? {
        var again = jobs
        for place in again.indices { again[place].attempts += 1 }
        let attempts = again.map(\.attempts).max() ?? 0
        switch failure {
        case _ where failure.isConflict && attempts < 10: return again
        case .lost where attempts < 3, _ where failure.isOfServer && attempts < 3: return again
        case _ where failure.isOfWork && jobs.count > 1:
            // A job that fails must not fail the others.
            for place in again.indices { again[place].isSuspect = true }
            return again
        default: return nil
        }
    }
}
