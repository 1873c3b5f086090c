// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Testing

@testable import AuthorizationServer

@Suite("The tombstones in memory", .timeLimit(.minutes(10)))
struct KnownEndsTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    @Test("they are found until they expire, and leave the memory then")
    func expiry() {
        let ends = KnownEnds(atMost: 100)
        for number in 0..<10_000 {
            ends.insert("id \(number)", until: now + .seconds(number % 2 == 0 ? 60 : 120), now: now)
        }
        let bytes = ends.bytes
        #expect(ends.count == 10_000 && ends.isFull)
        ends.removeExpired(now + .seconds(60))
        #expect(ends.count == 5000)
        for number in 0..<10_000 { #expect(ends.contains("id \(number)") == (number % 2 == 1)) }
        ends.removeExpired(now + .seconds(120))
        #expect(ends.count == 0 && !ends.isFull && ends.bytes < bytes / 8)
        #expect(!ends.contains("id 1"))
    }

    @Test("a million take 32 megabytes, and each is found, and nothing else is")
    func million() {
        let ends = KnownEnds(atMost: KnownEnds.most)
        for number in 0..<1_000_000 { ends.insert("revoked \(number)", until: now + .seconds(60), now: now) }
        #expect(ends.count == 1_000_000)
        #expect(ends.bytes <= 33_554_432)
        #expect((0..<1_000_000).allSatisfy { ends.contains("revoked \($0)") })
        #expect(!(0..<1_000_000).contains { ends.contains("other \($0)") })
    }

    @Test("the same tombstone counts once, and expires at the later of two times")
    func twice() {
        let ends = KnownEnds(atMost: 100)
        for seconds in [60, 120, 90] { ends.insert("a", until: now + .seconds(seconds), now: now) }
        #expect(ends.count == 1)
        ends.removeExpired(now + .seconds(119))
        #expect(ends.contains("a"))
        ends.removeExpired(now + .seconds(120))
        #expect(!ends.contains("a"))
    }

    @Test("ids that only look alike, extreme times and an empty id are kept apart")
    func extremes() {
        let ends = KnownEnds(atMost: 100)
        ends.insert("\u{E9}", until: Timestamp(seconds: .max), now: now)
        ends.insert("", until: Timestamp(seconds: .min), now: now)
        #expect(ends.contains("\u{E9}") && !ends.contains("e\u{301}") && ends.contains(""))
        ends.removeExpired(now)
        #expect(ends.contains("\u{E9}") && !ends.contains(""))
    }

    @Test("many threads insert, look up and remove at once")
    func races() async {
        let ends = KnownEnds(atMost: KnownEnds.most)
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<5000 {
                        ends.insert("\(writer) \(number)", until: now + .seconds(60), now: now)
                        #expect(ends.contains("\(writer) \(number)"))
                    }
                }
            }
            group.addTask { for _ in 0..<50 { ends.removeExpired(now) } }
        }
        #expect(ends.count == 20_000)
    }
}
