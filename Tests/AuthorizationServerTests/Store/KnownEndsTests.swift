// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Testing

@testable import AuthorizationServer

@Suite("The tombstones in memory", .timeLimit(.minutes(10)))
struct KnownEndsTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    @Test("they are found until they are dropped, and leave the memory then")
    func drop() {
        let ends = KnownEnds(atMost: 100)
        for number in 0..<10_000 { ends.insert("id \(number)", at: now + .seconds(number % 2 == 0 ? 60 : 120)) }
        let bytes = ends.bytes
        #expect(ends.count == 10_000 && ends.isFull)
        ends.drop(before: now + .seconds(61))
        #expect(ends.count == 5000)
        for number in 0..<10_000 { #expect(ends.contains("id \(number)") == (number % 2 == 1)) }
        ends.drop(before: now + .seconds(121))
        #expect(ends.count == 0 && !ends.isFull && ends.bytes < bytes / 8)
        #expect(!ends.contains("id 1"))
    }

    @Test("a million take 32 megabytes, and each is found, and nothing else is")
    func million() {
        let ends = KnownEnds(atMost: KnownEnds.most)
        for number in 0..<1_000_000 { ends.insert("revoked \(number)", at: now) }
        #expect(ends.count == 1_000_000)
        #expect(ends.bytes <= 33_554_432)
        #expect((0..<1_000_000).allSatisfy { ends.contains("revoked \($0)") })
        #expect(!(0..<1_000_000).contains { ends.contains("other \($0)") })
    }

    @Test("the same tombstone counts once, with the later of two times")
    func twice() {
        let ends = KnownEnds(atMost: 100)
        for seconds in [60, 120, 90] { ends.insert("a", at: now + .seconds(seconds)) }
        #expect(ends.count == 1)
        ends.drop(before: now + .seconds(120))
        #expect(ends.contains("a"))
        ends.drop(before: now + .seconds(121))
        #expect(!ends.contains("a"))
    }

    @Test("ids that only look alike, extreme times and an empty id are kept apart")
    func extremes() {
        let ends = KnownEnds(atMost: 100)
        ends.insert("\u{E9}", at: Timestamp(seconds: .max))
        ends.insert("", at: Timestamp(seconds: .min))
        #expect(ends.contains("\u{E9}") && !ends.contains("e\u{301}") && ends.contains(""))
        ends.drop(before: now)
        #expect(ends.contains("\u{E9}") && !ends.contains(""))
        ends.drop(before: Timestamp(seconds: .max))
        #expect(ends.contains("\u{E9}") && !ends.cover(tokenFrom: now))
    }

    @Test(
        "tokens are covered from an hour after the moment since when all are there, which never moves back")
    func cover() {
        let ends = KnownEnds(atMost: 100)
        #expect(ends.cover(tokenFrom: now))
        ends.drop(before: now)
        ends.drop(before: now + .seconds(-1))
        #expect(ends.since == now)
        #expect(ends.cover(tokenFrom: now + .seconds(3600)) && !ends.cover(tokenFrom: now + .seconds(3599)))
        ends.insert("before", at: now + .seconds(-1))
        #expect(ends.count == 0)
        ends.removeAll()
        #expect(ends.cover(tokenFrom: now))
    }

    @Test("many threads insert, look up and drop at once")
    func races() async {
        let ends = KnownEnds(atMost: KnownEnds.most)
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<5000 {
                        ends.insert("\(writer) \(number)", at: now)
                        #expect(ends.contains("\(writer) \(number)"))
                    }
                }
            }
            group.addTask { for _ in 0..<50 { ends.drop(before: now) } }
        }
        #expect(ends.count == 20_000)
    }

    @Test("a look-up that misses what is dropped meanwhile does not count")
    func dropped() async {
        let ends = KnownEnds(atMost: KnownEnds.most)
        let all = (0..<20_000).map { "id \($0)" }
        for (number, id) in all.enumerated() { ends.insert(id, at: now + .seconds(number)) }
        let missed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    all.enumerated().count { number, id in
                        let isKnown = ends.contains(id)
                        // The token was issued when the tombstone was written, by a clock that is ahead by an hour.
                        return ends.cover(tokenFrom: now + .seconds(number) + KnownEnds.margin) && !isKnown
                    }
                }
            }
            group.addTask {
                for step in 0..<200 { ends.drop(before: now + .seconds(step * 100)) }
                return 0
            }
            return await group.reduce(0, +)
        }
        #expect(missed == 0)
    }
}
