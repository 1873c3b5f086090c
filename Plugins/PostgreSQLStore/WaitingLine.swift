// SPDX-License-Identifier: Apache-2.0

/// Work that waits, first come first served.
struct WaitingLine<Work> {
    private var work: [Work] = []
    /// The number of elements at the front that were taken already.
    private var taken = 0

    var count: Int { work.count - taken }
    var isEmpty: Bool { count == 0 }
    var first: Work? { isEmpty ? nil : work[taken] }

    mutating func add(_ new: Work) {
        work.append(new)
    }

    /// Puts work at the front, which has waited before.
    mutating func putBack(_ former: [Work]) {
        guard !former.isEmpty else { return }
        work.replaceSubrange(..<taken, with: former)
        taken = 0
    }

    mutating func takeFirst() -> Work? {
        guard let next = first else { return nil }
        taken += 1
        // Now and then, so that taking costs the same however much waits.
        if taken > 64, taken * 2 > work.count {
            work.removeFirst(taken)
            taken = 0
        }
        return next
    }

    mutating func takeAll() -> [Work] {
        defer { (work, taken) = ([], 0) }
        return Array(work[taken...])
    }

    /// Takes what is no longer to wait; the rest keeps its order.
    mutating func take(where isOver: (Work) -> Bool) -> [Work] {
        // What waits longest is at the front, so nothing is moved if the first one may wait.
        guard let first, isOver(first) else { return [] }
        let waiting = takeAll()
        work = waiting.filter { !isOver($0) }
        return waiting.filter(isOver)
    }
}
