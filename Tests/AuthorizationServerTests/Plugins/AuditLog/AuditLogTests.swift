// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Host) import GrantKit
import Support
import Testing

@Suite("The plugin audit-log", .timeLimit(.minutes(10)))
struct AuditLogTests {
    private func with(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/grantor-audit-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func sink(_ path: String, _ more: JSON = [:]) async throws -> (plugin: any Plugin, sink: any EventSink) {
        var settings: JSON = ["path": .string(path)]
        for member in more.members { settings[member.name] = member.value }
        let plugin = try Plugins.auditLog.init(settings: Settings(PluginSettingsOfTest(settings)), host: NoHost())
        var registry = Registry()
        try plugin.register(in: &registry)
        try await plugin.start()
        return (plugin, try #require(registry.eventSinks.first))
    }

    private func event(_ number: Int) -> Event {
        var event = Event(.issued, subject: .user("ann"), client: "web", details: ["n": .integer(Int64(number))])
        event.time = Timestamp(seconds: 1_800_000_000)
        return event
    }

    private func lines(_ path: String) throws -> [JSON] {
        let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        #expect(text.isEmpty || text.hasSuffix("\n"))
        return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    @Test("a line has the documented members, and only the owner can access the file")
    func line() async throws {
        try await with { folder in
            let (plugin, sink) = try await sink("\(folder)/audit.log")
            var event = event(1)
            event.requestID = "r\"\n1"
            (event.address, event.grant, event.grantID) = ("192.0.2.1", "authorization_code", "g")
            (event.sessionID, event.tokenID) = ("s", "t")
            try await sink.write([event, Event(.stopped)])
            await plugin.stop()
            let text = String(
                decoding: FileManager.default.contents(atPath: "\(folder)/audit.log") ?? Data(), as: UTF8.self)
            #expect(
                text == """
                    {"time":"2027-01-15T08:00:00Z","event":"issued","request":"r\\"\\n1","address":"192.0.2.1",\
                    "client":"web","subject":"ann","subject_type":"user","grant":"authorization_code","grant_id":"g",\
                    "session_id":"s","token_id":"t","details":{"n":1}}
                    {"time":"1970-01-01T00:00:00Z","event":"stopped"}

                    """)
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/audit.log")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let manual = try String(
                contentsOfFile: #filePath.replacing(
                    "Tests/AuthorizationServerTests/Plugins/AuditLog/AuditLogTests.swift", with: "Docs/Audit.md"),
                encoding: .utf8)
            for member in try JSON(parsing: String(text.prefix { $0 != "\n" })).members {
                #expect(manual.contains("`\(member.name)`"), "\(member.name) is documented")
            }
        }
    }

    @Test(
        "dates follow the calendar",
        arguments: [
            (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (0, "1970-01-01T00:00:00Z"),
        ])
    func dates(_ seconds: Int, _ text: String) async throws {
        try await with { folder in
            let (plugin, sink) = try await sink("\(folder)/audit.log")
            var event = Event(.issued)
            event.time = Timestamp(seconds: Int64(seconds))
            try await sink.write([event])
            await plugin.stop()
            #expect(try lines("\(folder)/audit.log").first?["time"] == .string(text))
        }
    }

    @Test("several processes that write and rotate files lose no line and break none")
    func rotation() async throws {
        try await with { folder in
            let path = "\(folder)/audit.log"
            // Each opens the file itself, as a command does while the server runs.
            let settings: JSON = ["max_size": 20_000, "keep": 1000]
            var sinks: [(plugin: any Plugin, sink: any EventSink)] = []
            for _ in 0..<4 { sinks.append(try await sink(path, settings)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (place, sink) in sinks.map(\.sink).enumerated() {
                    group.addTask {
                        for start in stride(from: 0, to: 2000, by: 10) {
                            try await sink.write((start..<start + 10).map { event(place * 2000 + $0) })
                        }
                    }
                }
                try await group.waitForAll()
            }
            for sink in sinks { await sink.plugin.stop() }
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(files.count > 10)
            var numbers: [Int64] = []
            for file in files {
                let size = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(file)")[.size] as? Int ?? 0
                #expect(size <= 20_000)
                numbers += try lines("\(folder)/\(file)").compactMap { $0["details"]?["n"]?.integer }
            }
            #expect(numbers.sorted() == Array(0..<8000))
        }
    }

    @Test("no more files are kept than configured, the newest with the smallest numbers")
    func keep() async throws {
        try await with { folder in
            let (plugin, sink) = try await sink("\(folder)/audit.log", ["max_size": 200, "keep": 2])
            for number in 0..<10 { try await sink.write([event(number)]) }
            await plugin.stop()
            let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(files == ["audit.log", "audit.log.1", "audit.log.2"])
            #expect(try lines("\(folder)/audit.log").last?["details"]?["n"] == 9)
        }
    }

    @Test("a file that was moved or removed is created again with the next event")
    func moved() async throws {
        try await with { folder in
            let path = "\(folder)/audit.log"
            let (plugin, sink) = try await sink(path)
            try await sink.write([event(1)])
            try FileManager.default.moveItem(atPath: path, toPath: "\(folder)/old")
            try await sink.write([event(2)])
            try FileManager.default.removeItem(atPath: path)
            try await sink.write([event(3)])
            await plugin.stop()
            #expect(try lines("\(folder)/old").count == 1)
            #expect(try lines(path).compactMap { $0["details"]?["n"]?.integer } == [3])
        }
    }

    @Test("a full disk is an error that names the file and the cause, and links are not followed")
    func failures() async throws {
        let (plugin, full) = try await sink("/dev/full", ["max_size": 0])
        await #expect { try await full.write([event(1)]) } throws: {
            "\($0)".contains("cannot write to the file '/dev/full': No space")
        }
        await plugin.stop()
        try await with { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/audit.log", withDestinationPath: "\(folder)/other")
            await #expect(throws: (any Error).self) { _ = try await sink("\(folder)/audit.log") }
        }
    }

    @Test("the cost of an event")
    func cost() async throws {
        try await with { folder in
            let (plugin, sink) = try await sink("\(folder)/audit.log")
            let events = (0..<500).map(event)
            let clock = ContinuousClock()
            let time = try await clock.measure { for _ in 0..<20 { try await sink.write(events) } }
            await plugin.stop()
            let each = Double(time.components.attoseconds) / 1e12 / 10_000
            print("audit-log: \(each) microseconds an event, written")
            #expect(try lines("\(folder)/audit.log").count == 10_000)
        }
    }
}

private final class PluginSettingsOfTest: SettingsSource {
    private let values: JSON

    init(_ values: JSON) { self.values = values }

    func value(of declaration: SettingDeclaration) -> JSON? { values[declaration.key] }
    func report(_ problem: String, at key: String) { Issue.record("\(key): \(problem)") }
    func declare(_ attribute: AttributeDeclaration) {}
}
