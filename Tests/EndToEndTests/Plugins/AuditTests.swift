// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("The audit log of the real program", .timeLimit(.minutes(10)))
struct AuditTests {
    private static func start(_ folder: Folder, _ settings: String) async throws -> Program {
        let text = try String(contentsOfFile: "\(Build.root)/config.yaml", encoding: .utf8)
            .replacing("port: 8080", with: "port: 0")
            .replacing("  - revocation\n", with: "  - revocation\n  - plugin: audit-log\n    settings: \(settings)\n")
        try folder.write("config.yaml", text)
        return try await Program.start(folder, secrets: ["demo-web-secret", "demo-ann", "not the password"])
    }

    private static func events(_ text: String) throws -> [JSON] {
        try text.split(separator: "\n").filter { $0.hasPrefix("{") }.map { try JSON(parsing: String($0)) }
    }

    private static let request =
        "/auth/authorize?response_type=code&client_id=web&scope=openid+offline_access&code_challenge=\(Demo.challenge)"
        + "&code_challenge_method=S256"

    /// Signs in, consents, redeems, refreshes, reuses a token and revokes, and remembers everything that must not be
    /// recorded.
    private static func walk(_ program: Program) throws {
        let browser = WebBrowser(program)
        let page = try browser.open(request)
        let again = try browser.submit(page, [("username", "ann"), ("password", "not the password")])
        let mistaken = try browser.submit(again, [("username", "demo-ann"), ("password", "not the password")])
        let consent = try browser.submit(mistaken, [("username", "ann"), ("password", "demo-ann")])
        let landed = try browser.submit(consent, [("scope", "offline_access"), ("decision", "allow")])
        let location = try #require(landed.header("location"))
        let code = String(try #require(location.firstMatch(of: /code=([^&]*)/)).1)
        program.remember(code)
        program.remember(Demo.verifier)
        let client = ("web", "demo-web-secret")
        let tokens = try program.post(
            "/auth/token", [("grant_type", "authorization_code"), ("code", code), ("code_verifier", Demo.verifier)],
            as: client)
        program.remember(tokens["id_token"] ?? "")
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"] ?? "")]
        let renewed = try program.post("/auth/token", refresh, as: client)
        program.remember(renewed["id_token"] ?? "")
        let later = try program.post(
            "/auth/token", [refresh[0], ("refresh_token", renewed["refresh_token"] ?? "")], as: client)
        program.remember(later["id_token"] ?? "")
        #expect(try program.post("/auth/token", refresh, as: client)["error"] == "invalid_grant")
        let own = try program.token("demo", "demo-secret")
        program.remember("demo-secret")
        _ = try program.post("/auth/revoke", [("token", own["access_token"] ?? "")], as: ("demo", "demo-secret"))
    }

    @Test("contains every event of a run, including changes by commands, and no secret and no token")
    func wholeRun() async throws {
        try await Folder.with { folder in
            let program = try await Self.start(folder, "{ path: log/audit.log }")
            try Self.walk(program)
            _ = try await program.reload()
            try folder.write("pw", "correct horse\n")
            for arguments in [
                ["users", "add", "eve", "--password-file", "pw"], ["users", "disable", "eve"],
                ["users", "remove", "eve"],
                ["keys", "rotate"],
            ] {
                let ended = try Command.run(Build.program, arguments, in: folder)
                #expect(ended.status == 0, "\(ended.errors)")
            }
            #expect(try Command.run(Build.program, ["users", "list"], in: folder).status == 0)
            #expect(try Command.run(Build.program, ["users", "remove", "eve"], in: folder).status != 0)
            #expect(program.stop() == 0)
            let text = folder.read("log/audit.log")
            for secret in program.secrets + ["correct horse"] where !secret.isEmpty {
                // The id in a session cookie is public; only the rest is secret.
                #expect(
                    !text.contains(secret.split(separator: ".").last.map(String.init) ?? secret),
                    "it contains a secret")
            }
            let events = try Self.events(text)
            let kinds = events.compactMap { $0["event"]?.string }
            for kind in [
                "started", "sign_in_failed", "signed_in", "consented", "issued", "replayed", "grant_revoked", "refused",
                "token_revoked", "reloaded", "user_changed", "keys_changed", "stopped",
            ] {
                #expect(kinds.contains(kind), "\(kind)")
            }
            #expect(kinds.first == "started" && kinds.last == "stopped")
            #expect(kinds.count { $0 == "sign_in_failed" } == 2 && kinds.count { $0 == "issued" } == 5)
            let failed = events.filter { $0["event"] == "sign_in_failed" }
            #expect(failed[0]["subject"] == "ann" && failed[1]["subject"] == nil)
            let changes = events.filter { $0["event"] == "user_changed" }
            #expect(changes.map { $0["details"]?["change"] } == ["added", "disabled", "removed"])
            #expect(changes.allSatisfy { $0["subject"] == "eve" && $0["details"]?["by"]?["uid"] != nil })
            let manual = try String(contentsOfFile: "\(Build.root)/Docs/Audit.md", encoding: .utf8)
            for kind in Set(kinds) { #expect(manual.contains("`\(kind)`"), "\(kind) is documented") }
        }
    }

    @Test("says who copied the store, to which file, and who loaded a copy")
    func copies() async throws {
        try await Folder.with { folder in
            let log = "  - { plugin: audit-log, settings: { path: log/audit.log } }\n"
            let runs = [
                ("a.db", [["export", "x"], ["backup", "y"]]), ("b.db", [["import", "x"]]),
                ("c.db", [["restore", "y"]]),
            ]
            for (store, commands) in runs {
                let yaml = Copied.yaml(Copied.sqlite(store)).replacing("clients:\n", with: "\(log)clients:\n")
                try folder.write("config.yaml", yaml)
                for command in commands {
                    let ended = try Command.run(Build.program, ["store"] + command, in: folder)
                    #expect(ended.status == 0, "\(ended)")
                }
            }
            let events = try Self.events(folder.read("log/audit.log"))
            #expect(events.map { $0["event"] } == ["store_copied", "store_copied", "store_loaded", "store_loaded"])
            let details = events.map { $0["details"] ?? .null }
            #expect(details.map { $0["change"] } == ["exported", "backed_up", "imported", "restored"])
            #expect(details.map { $0["sealed"] } == [false, false, nil, nil])
            #expect(details.map { $0["keeps_tokens"] } == [nil, nil, nil, false])
            for (detail, name) in zip(details, ["x", "y", "x", "y"]) {
                #expect(detail["file"]?.string?.hasSuffix("/\(name)") == true && detail["by"]?["uid"] != nil)
                #expect(detail["records"] == 0)
            }
            // Without a place for the event, nothing is copied.
            try folder.write("log/audit.log", "")
            _ = try Command.shell("rm log/audit.log; mkdir log/audit.log", in: folder)
            let refused = try Command.grantor("store", "backup", "z", in: folder)
            #expect(refused.status == 1 && refused.errors.contains("could not record it"), "\(refused)")
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!left.contains { $0.hasPrefix("z") }, "\(left)")
        }
    }

    @Test("on standard output: commands print only their usual output")
    func standardOutput() async throws {
        try await Folder.with { folder in
            let program = try await Self.start(folder, "{ path: '-' }")
            _ = try program.token("demo", "wrong")
            try folder.write("pw", "correct horse\n")
            let ended = try Command.grantor("users", "add", "eve", "--password-file", "pw", in: folder)
            #expect(ended.output == "eve\n")
            #expect(program.stop() == 0)
            let events = try Self.events(program.output)
            #expect(events.map { $0["event"] } == ["started", "refused", "stopped"])
            #expect(events.dropFirst().first?["details"]?["rule"] == "client 'demo' sent a wrong secret")
        }
    }

    @Test("rotating files and SIGTERM under load lose no event")
    func load() async throws {
        try await Folder.with { folder in
            let program = try await Self.start(folder, "{ path: log/audit.log, max_size: 50000, keep: 1000 }")
            let issued = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await onThread {
                            try (0..<100).reduce(0) { sum, _ in
                                try sum + (program.token("demo", "demo-secret").status == 200 ? 1 : 0)
                            }
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(issued == 400)
            #expect(program.stop() == 0)
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/log")
            #expect(files.count > 2)
            let events = try files.flatMap { try Self.events(folder.read("log/\($0)")) }
            #expect(events.count { $0["event"] == "issued" } == 400)
            #expect(Set(events.compactMap { $0["token_id"]?.string }).count == 400)
        }
    }

    @Test("a full disk is reported in the log and the metrics; with 'required', requests are refused")
    func fullDisk() async throws {
        try await Folder.with { folder in
            let program = try await Self.start(folder, "{ path: /dev/full, max_size: 0, required: true }")
            var statuses: [Int] = []
            try await Patience.wait(.milliseconds(20)) {
                statuses.append(try program.token("demo", "demo-secret").status)
                return statuses.last == 503
            }
            #expect(statuses.last == 503)
            #expect(try program.get("/health/ready").status == 503)
            #expect(program.log.contains("No space left on device"))
            #expect(try program.get("/metrics").body.contains("grantor_events_waiting "))
            program.stop()
            #expect(program.log.contains("events were lost"))
        }
    }
}
