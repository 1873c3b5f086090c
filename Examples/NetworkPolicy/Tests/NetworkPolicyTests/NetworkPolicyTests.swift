// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Testing

@testable import NetworkPolicy

@Suite("Networks, hours and rates of a client")
struct NetworkPolicyTests {
    // MARK: networks

    @Test(
        "an address is in a network that begins with the same bits",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "203.0.113.9", true),
            ("192.0.2.128/25", "192.0.2.128", true), ("192.0.2.128/25", "192.0.2.127", false),
            ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
            ("::1", "::1", true), ("::1", "0:0:0:0:0:0:0:1", true), ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("::/0", "10.0.0.1", false), ("0.0.0.0/0", "::1", false), ("10.0.0.0/8", "", false),
            ("10.0.0.0/8", "10.0.0.1\u{0}", false), ("fe80::/10", "fe80::1%eth0", false),
            ("10.0.0.0/8", "64:ff9b::a01:101", false), ("64:ff9b::/96", "64:ff9b::a01:101", true),
        ])
    func networks(_ network: String, _ address: String, _ isIn: Bool) throws {
        #expect(try #require(Networks(setting: .string(network))).contains(address) == isIn)
    }

    @Test("every prefix length cuts between the right two bits", arguments: 1...128)
    func prefixes(_ bits: Int) throws {
        let network = try #require(Network("::/\(bits)"))
        var address = [UInt8](repeating: 0, count: 16)
        address[(bits - 1) / 8] = 0x80 >> UInt8((bits - 1) % 8)
        #expect(!network.contains(address), "the last bit of the network differs")
        address = [UInt8](repeating: 0, count: 16)
        if bits < 128 { address[bits / 8] = 0x80 >> UInt8(bits % 8) }
        #expect(network.contains(address), "a bit beyond the network may differ")
    }

    @Test(
        "what is not a network is refused",
        arguments: [
            "", "/", "10", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.1/8",
            "2001:db8::1/64", "::/129", "::/0008", "::ffff:10.0.0.0/104", "localhost", "10.0.0.0/8 ",
            "10.0.0.0\u{0}/8", "１０.0.0.0/8",
        ])
    func noNetwork(_ text: String) {
        #expect(Networks(setting: .string(text)) == nil)
        #expect(Networks(setting: .strings(["10.0.0.0/8", text])) == nil)
    }

    @Test("nothing else is a list of networks", arguments: [.null, [], [:], 8, true] as [JSON])
    func noList(_ setting: JSON) {
        #expect(Networks(setting: setting) == nil)
        #expect(OpeningHours(setting: setting) == nil)
        #expect(RequestRate(setting: setting) == nil)
    }

    @Test("every client may come from everywhere by default, even without an address")
    func everywhere() {
        for address in ["", "203.0.113.9", "::1"] { #expect(Networks.everywhere.contains(address)) }
    }

    // MARK: hours

    /// A minute in a week that begins on a Monday, 2026-11-30.
    private func moment(_ day: Int, _ hour: Int, _ minute: Int) -> Timestamp {
        Timestamp(seconds: 1_795_996_800 + Int64(day * 86400 + hour * 3600 + minute * 60))
    }

    @Test("hours begin with their first minute and end before their last")
    func day() throws {
        let hours = try #require(OpeningHours(setting: "Tue-Thu 08:30-17:00"))
        for day in 0..<7 {
            let isOpen = 1...3 ~= day
            #expect(!hours.contains(moment(day, 8, 29)) && hours.contains(moment(day, 8, 30)) == isOpen)
            #expect(hours.contains(moment(day, 16, 59)) == isOpen && !hours.contains(moment(day, 17, 0)))
        }
    }

    @Test("hours that end on the next day belong to the day on which they begin")
    func night() throws {
        let hours = try #require(OpeningHours(setting: "Sun 22:00-04:00"))
        #expect(hours.contains(moment(6, 22, 0)) && hours.contains(moment(6, 23, 59)))
        #expect(hours.contains(moment(0, 0, 0)) && hours.contains(moment(0, 3, 59)))
        #expect(!hours.contains(moment(0, 4, 0)) && !hours.contains(moment(0, 22, 0)))
        #expect(!hours.contains(moment(6, 3, 0)))
    }

    @Test("one entry of several is enough, and a client without hours may always come")
    func several() throws {
        let hours = try #require(OpeningHours(setting: ["Mon 00:00-12:00", "Sat-Sun 00:00-24:00"]))
        #expect(hours.contains(moment(0, 11, 59)) && hours.contains(moment(6, 23, 59)))
        #expect(!hours.contains(moment(0, 12, 0)) && !hours.contains(moment(4, 12, 0)))
        for minute in 0..<7 * 24 * 60 { #expect(OpeningHours.always.contains(moment(0, 0, minute))) }
    }

    @Test(
        "what are not hours is refused",
        arguments: [
            "", "Mon", "08:00-18:00", "Mon 8:00-18:00", "Mon 08:00", "Mon 08:00-08:00", "Mon 24:00-01:00",
            "Mon 08:60-09:00", "Mon 08:00-24:01", "Fri-Mon 08:00-18:00", "mon 08:00-18:00", "Mon-Tue-Wed 08:00-18:00",
            "Mon  08:00-18:00",
            "Mon 08:00-18:00 ", "Mon -1:00-18:00", "Mon 08.00-18.00", "Mon 0\u{301}8:00-18:00",
        ])
    func noHours(_ text: String) {
        #expect(OpeningHours(setting: .string(text)) == nil)
    }

    // MARK: rates

    @Test("a rate lets its whole number through at once, then one at a time")
    func rate() throws {
        let (counts, rate) = (RequestCounts(), try #require(RequestRate(setting: "6/m")))
        let start = ContinuousClock.now
        for _ in 0..<6 { #expect(counts.count("a", at: rate, now: start) == nil) }
        #expect(counts.count("a", at: rate, now: start) == .seconds(10))
        #expect(counts.count("b", at: rate, now: start) == nil, "another client has a count of its own")
        #expect(counts.count("a", at: rate, now: start + .seconds(9)) == .seconds(1))
        #expect(counts.count("a", at: rate, now: start + .seconds(10)) == nil)
        #expect(counts.count("a", at: rate, now: start + .seconds(10)) == .seconds(10))
        for _ in 0..<6 { #expect(counts.count("a", at: rate, now: start + .seconds(80)) == nil) }
    }

    @Test("a higher rate applies at once, and keys that Unicode takes for the same are counted apart")
    func changes() throws {
        let counts = RequestCounts()
        let (low, high) = (try #require(RequestRate(setting: "1/h")), try #require(RequestRate(setting: "60/m")))
        let start = ContinuousClock.now
        #expect(counts.count("\u{E9}", at: low, now: start) == nil)
        #expect(counts.count("e\u{301}", at: low, now: start) == nil)
        #expect(counts.count("\u{E9}", at: low, now: start) == .seconds(3600))
        #expect(counts.count("\u{E9}", at: high, now: start) == .seconds(1))
        #expect(counts.count("\u{E9}", at: high, now: start + .seconds(1)) == nil)
    }

    @Test("counts of ten thousand clients do not mix, before and after old ones are removed")
    func many() throws {
        let (counts, rate) = (RequestCounts(), try #require(RequestRate(setting: "1/h")))
        let start = ContinuousClock.now
        for number in 0..<10_000 { #expect(counts.count("\(number)", at: rate, now: start) == nil) }
        for number in 0..<10_000 { #expect(counts.count("\(number)", at: rate, now: start) != nil) }
        for number in 0..<10_000 { #expect(counts.count("\(number)", at: rate, now: start + .seconds(3600)) == nil) }
    }

    @Test(
        "what is not a rate is refused",
        arguments: ["", "6", "/m", "6/", "6/d", "0/m", "-6/m", "6/m/m", "6 /m", "1000001/s"])
    func noRate(_ text: String) {
        #expect(RequestRate(setting: .string(text)) == nil)
    }

    @Test("a default value can be written into a document")
    func defaults() {
        #expect(Networks(setting: Networks.everywhere.setting) != nil)
        #expect(OpeningHours(setting: OpeningHours.always.setting) != nil)
        #expect(RequestRate(setting: RequestRate.unlimited.setting) != nil)
    }
}
