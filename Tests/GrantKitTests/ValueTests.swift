// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@Suite("Values of the kit")
struct ValueTests {
    @Test("a secret appears in no description and compares by its text")
    func secret() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(["key": secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])"] {
            #expect(!text.contains("hunter2"))
        }
        #expect(secret == Secret("hunter2") && secret != Secret("hunter3") && secret != Secret("hunter22"))
    }

    @Test("a record that the host has lent is no longer one once it has been changed or stored")
    func lentRecord() {
        let end = Timestamp(seconds: 1_800_000_000)
        let record = StoreRecord(StoreKey("a", "1"), ["v": 1], expiresAt: end)
        #expect(!record.isLent && record.lent().isLent)
        let changes: [@Sendable (inout StoreRecord) -> Void] = [
            { $0.key = StoreKey("a", "2") }, { $0.value["v"] = 2 }, { $0.expiresAt = end }, { $0.indexes["i"] = "x" },
            { $0 = $0.stored(version: 1, isRedeemed: false) },
        ]
        for change in changes {
            var lent = record.lent()
            change(&lent)
            #expect(!lent.isLent, "\(lent)")
        }
    }

    @Test(
        "timestamps and durations at the ends of their range neither trap nor wrap around",
        arguments: [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max])
    func extremes(_ seconds: Int64) {
        let moment = Timestamp(seconds: seconds)
        for other in [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max] {
            let (sum, overflow) = seconds.addingReportingOverflow(other)
            let expected = overflow ? (other < 0 ? Int64.min : .max) : sum
            #expect((moment + .seconds(other)).seconds == expected, "\(seconds) + \(other)")
            let (difference, isTooFar) = seconds.subtractingReportingOverflow(other)
            let span = isTooFar ? (seconds < other ? Int64.min : .max) : difference
            #expect(moment - Timestamp(seconds: other) == .seconds(span), "\(seconds) - \(other)")
        }
    }

    @Test(
        "a duration that does not fit into a number of seconds leads to the first or last timestamp",
        arguments: [Int64.min, -1, 0, 1, .max])
    func longSpans(_ seconds: Int64) {
        let longest = Duration.seconds(Int64.max)
        let moment = Timestamp(seconds: seconds)
        for span in [longest + longest, longest * 17] {
            #expect(moment + span == Timestamp(seconds: seconds < 0 ? seconds + .max : .max))
            #expect(moment + (.zero - span) == Timestamp(seconds: seconds > 0 ? seconds + .min : .min))
        }
    }

    @Test("a scope contains each value once and only allowed characters", .clause("RFC 6749 section 3.3"))
    func scope() throws {
        #expect(try Scope(parsing: "b a b").words == ["b", "a"])
        let many = (0..<64).map { "s\($0)" }
        #expect(Scope(many + many.reversed()).words == many)
        for text in ["a\"b", "a\\b", "a\tb", "ä", "a\u{7F}"] {
            #expect(throws: OAuthError.self) { try Scope(parsing: text) }
        }
    }

    @Test(
        "durations are read with their units",
        arguments: [
            ("90s", 90), ("15m", 900), ("12h", 43200), ("30d", 2_592_000), ("0s", 0),
        ])
    func duration(_ text: String, _ seconds: Int) {
        #expect(Duration(setting: .string(text)) == .seconds(seconds))
        #expect(Duration(setting: .integer(Int64(seconds))) == .seconds(seconds))
    }

    @Test(
        "an invalid duration is refused", arguments: ["", "s", "1", "1w", "-1s", "1.5h", "10 s", "99999999999999999d"])
    func noDuration(_ text: String) {
        #expect(Duration(setting: .string(text)) == nil)
    }

    @Test("limits are only ever narrowed")
    func limits() throws {
        var limits = AccessLimits(scope: ["a", "b"])
        limits.keep { $0 != "b" }
        try limits.keep(audience: ["x", "y"])
        try limits.keep(audience: ["y", "z"])
        limits.end(by: Timestamp(seconds: 10))
        limits.end(by: Timestamp(seconds: 20))
        #expect(limits.scope == ["a"] && limits.audience == ["y"] && limits.notAfter == Timestamp(seconds: 10))
        #expect(throws: OAuthError.self) { try limits.keep(audience: ["w"]) }
    }

    @Test("limits have each audience once, in the order of the first")
    func audiences() throws {
        #expect(AccessLimits(scope: [], audience: ["x", "y", "x", "z", "y"]).audience == ["x", "y", "z"])
        var limits = AccessLimits(scope: [])
        try limits.keep(audience: ["y", "x", "y"])
        #expect(limits.audience == ["y", "x"])
    }

    @Test("an error description contains only what section 5.2 allows", .clause("RFC 6749 section 5.2"))
    func description() {
        let error = OAuthError(.invalidRequest, "a \"quoted\" \\ ü \n text")
        #expect(error.description == "a ?quoted? ? ? ? text")
        #expect(OAuthError(.invalidGrant, "déjà utilisé \u{1F600}").description == "d?j? utilis? ?")
    }

    @Test(
        "a client that sends too many requests waits for whole seconds, at least one",
        arguments: [
            (.zero, "1"), (.milliseconds(-1500), "1"), (.milliseconds(1001), "2"), (.seconds(90), "90"),
            (Duration.seconds(Int64.max) * 17, "9223372036854775807"),
        ] as [(Duration, String)])
    func tooMany(_ wait: Duration, _ seconds: String) {
        let error = OAuthError.tooManyRequests(retryAfter: wait)
        #expect(error.status == 429 && error.headers == ["Retry-After": seconds])
    }
}

@Suite("An authorization in the store")
struct AuthorizationStorageTests {
    @Test("every part is restored except the writes of one response")
    func roundTrip() throws {
        var limits = AccessLimits(scope: ["a", "b"], audience: ["x"], notAfter: Timestamp(seconds: 99))
        limits.forbidRefresh()
        var authorization = Authorization(subject: .user("ann"), limits: limits)
        authorization.authenticatedAt = Timestamp(seconds: 7)
        (authorization.acr, authorization.amr, authorization.sessionID) = ("1", ["pwd", "otp"], "s1")
        authorization.epoch = 4_503_599_627_370_495
        authorization.actor = ["sub": "bob"]
        authorization.claims = ["tenant": "t1"]
        authorization.attachments = ["z": ["n": 1], "a": "x"]
        authorization.confirmation = Confirmation("jkt", "abc", tokenType: "DPoP")
        authorization.writes = [.redeem(StoreKey("code", "1"))]
        let issued = authorization.issued(under: "code", grantID: "g1")
        let restored = try Authorization(stored: JSON(parsing: issued.stored.text))
        #expect(restored.stored == issued.stored)
        #expect(restored.subject == .user("ann") && restored.limits == limits && restored.origin == "code")
        #expect(restored.epoch == 4_503_599_627_370_495)
        #expect(restored.grantID == "g1" && restored.confirmation == issued.confirmation && restored.writes.isEmpty)
        #expect(restored.issued(under: "other", grantID: "g2").origin == "code", "the first origin stays")
    }

    @Test("a value stored before a member existed is read without it")
    func earlier() throws {
        let restored = try Authorization(stored: ["v": 1, "user": "ann", "scope": "a", "origin": "code"])
        #expect(restored.epoch == nil && restored.subject == .user("ann"))
    }

    @Test("an unknown encoding is an error")
    func version() {
        #expect(throws: StoreError.self) { try Authorization(stored: ["v": 2, "user": "ann"]) }
        #expect(throws: StoreError.self) { try Authorization(stored: [:]) }
    }
}
