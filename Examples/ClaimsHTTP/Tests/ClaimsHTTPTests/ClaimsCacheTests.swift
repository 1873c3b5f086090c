// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Testing

@testable import ClaimsHTTP

@Suite("The answers of the service are kept for a limited time")
struct ClaimsCacheTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private let claims: [JSON.Member] = [.init("tier", "gold")]

    @Test("an answer is found until its time is over, and only for its own question")
    func ends() {
        let cache = ClaimsCache(keepingFor: .seconds(60))
        cache.keep(claims, for: "a", now: now)
        #expect(cache.find("a", now: now + .seconds(59)) == claims)
        #expect(cache.find("a", now: now + .seconds(60)) == nil && cache.find("b", now: now) == nil)
    }

    @Test("questions that Unicode takes for the same have answers of their own")
    func unicode() {
        let cache = ClaimsCache(keepingFor: .seconds(60))
        cache.keep(claims, for: "\u{E9}", now: now)
        cache.keep(claims, for: "\u{212A}", now: now)
        #expect(cache.find("e\u{301}", now: now) == nil && cache.find("K", now: now) == nil)
    }

    @Test("nothing is kept for no time")
    func off() {
        let cache = ClaimsCache(keepingFor: .zero)
        cache.keep(claims, for: "a", now: now)
        #expect(cache.find("a", now: now) == nil)
    }

    @Test("many questions do not fill the memory, and the newest answer is kept")
    func many() {
        let cache = ClaimsCache(keepingFor: .seconds(60))
        for number in 0..<25_000 {
            cache.keep(claims, for: "\(number)", now: now)
            #expect(cache.find("\(number)", now: now) == claims)
        }
        #expect(cache.find("0", now: now) == nil)
    }
}
