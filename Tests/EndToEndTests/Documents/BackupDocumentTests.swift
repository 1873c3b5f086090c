// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

/// The commands of `Docs/Backups.md`, run as written: only the folders and ports are those of the test.
///
/// The shell has functions in place of the commands that belong to a machine: `systemctl` runs the real program.
@Suite("The commands in Docs/Backups.md work as written", .timeLimit(.minutes(20)))
struct BackupDocumentTests {
    /// The blocks of a section in one language.
    private static func blocks(_ heading: String, _ language: String = "") throws -> [String] {
        let page = try String(contentsOfFile: "\(Build.root)/Docs/Backups.md", encoding: .utf8)
        let start = try #require(page.range(of: "\n## \(heading)\n"))
        let rest = page[start.upperBound...]
        let section = String(rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)])
        return section.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            .filter { $0.hasPrefix("\(language)\n") }.map { String($0.dropFirst(language.count + 1)) }
    }

    private static let prelude = """
        set -e
        grantor() { PROGRAM "$@"; }
        sudo() { shift 2; if [ "$1" = timeout ]; then shift 2; timeout "$LIMIT" PROGRAM "${@:2}"; else "$@"; fi; }
        chgrp() { :; }
        install() { mkdir -p "${@: -1}"; }
        systemctl() {
            if [ "$1" = stop ]; then kill "$(cat ROOT/pid)"; while kill -0 "$(cat ROOT/pid)" 2> /dev/null; do sleep 0.1; done
            else serve > ROOT/serve.log 2>&1 < /dev/null & echo $! > ROOT/pid; ready; fi
        }
        serve() {
            # What has started this shell waits until nobody has its other descriptors.
            for file in /proc/$BASHPID/fd/*; do number=${file##*/}; [ "$number" -le 2 ] || eval "exec $number>&-"; done
            exec PROGRAM serve --config ROOT/etc/grantor/config.yaml
        }
        ready() { for _ in $(seq 600); do curl -fsS http://127.0.0.1:PORT/health/ready > /dev/null 2>&1 && return; sleep 0.1; done; false; }

        """

    /// A machine with a running server, as the pages set it up.
    private struct Machine {
        let folder: Folder
        let port: UInt16
        let others: [UInt16]

        init(_ folder: Folder) throws {
            self.folder = folder
            port = try FreePort.take()
            others = try (0..<3).map { _ in try FreePort.take() }
        }

        func prepare() throws {
            for path in ["etc/grantor", "var/lib/grantor", "var/backups"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder.path)/\(path)", withIntermediateDirectories: true)
            }
            let store = Copied.sqlite("/var/lib/grantor/grantor.db")
            let yaml = Copied.yaml(store, more: "monitoring: { host: 127.0.0.1, port: 9090 }")
                .replacing("listen: { port: 0 }", with: "listen: { host: 127.0.0.1, port: 8080 }")
            try folder.write("etc/grantor/config.yaml", translated(yaml))
            let ended = try run("systemctl start grantor")
            #expect(ended.status == 0, "\(ended) \(folder.read("serve.log"))")
        }

        /// What the pages say, with the folders and ports of the test.
        func translated(_ text: String) -> String {
            let places = /(^|[^A-Za-z0-9-])\/(etc|var\/lib|var\/backups)\/grantor/
            var text = text.replacing(places) { "\($0.1)\(folder.path)/\($0.2)/grantor" }
            for (name, port) in [("8080", others[0]), ("8081", others[1]), ("9090", port), ("9091", others[2])] {
                text.replace("port: \(name)", with: "port: \(port)")
                text.replace("127.0.0.1:\(name)/", with: "127.0.0.1:\(port)/")
            }
            return text
        }

        func run(_ commands: String) throws -> Ended {
            let prelude = BackupDocumentTests.prelude.replacing("PROGRAM", with: Build.program)
                .replacing("ROOT", with: folder.path).replacing("PORT", with: "\(port)")
            return try Command.shell(prelude + translated(commands), in: folder, environment: ["LIMIT": "30"])
        }

        func stop() {
            _ = try? run("systemctl stop grantor || true")
        }
    }

    private func with(_ body: (Machine) async throws -> Void) async throws {
        try await Folder.with { folder in
            let machine = try Machine(folder)
            defer { machine.stop() }
            try machine.prepare()
            let added = try machine.run(
                "printf 'a password of bob' | grantor users add bob --password-file - --config /etc/grantor/config.yaml"
            )
            #expect(added.status == 0, "\(added)")
            for block in try Self.blocks("Back up") {
                let ended = try machine.run(block)
                #expect(ended.status == 0, "\(block): \(ended)")
            }
            try await body(machine)
        }
    }

    @Test("the backup and the restore")
    func restore() async throws {
        try await with { machine in
            let more = try machine.run(
                "printf 'a password of eve' | grantor users add eve --password-file - --config /etc/grantor/config.yaml"
            )
            #expect(more.status == 0, "\(more)")
            let restored = try machine.run(try Self.blocks("Restore").joined())
            #expect(restored.status == 0, "\(restored) \(machine.folder.read("serve.log"))")
            let users = try machine.run("grantor users list --config /etc/grantor/config.yaml").output
            #expect(users.contains("bob") && !users.contains("eve"), "\(users)")
        }
    }

    @Test("the rehearsal, beside the running server")
    func drill() async throws {
        try await with { machine in
            let blocks = try Self.blocks("Rehearse a restore")
            #expect(blocks.count == 1)
            // The program may take longer to start here than on an idle machine.
            let patient = blocks[0].replacing("sleep 5", with: "sleep 15")
            let ended = try machine.run(patient)
            #expect(ended.status == 0, "\(ended)")
            #expect(ended.output.contains("restored ") && ended.output.contains("bob"), "\(ended)")
            #expect(ended.output.contains(/user +1 +0 +1 +0\n/), "\(ended)")
            let left = try FileManager.default.contentsOfDirectory(atPath: "\(machine.folder.path)/var/backups/grantor")
            #expect(left == ["monday.backup"], "\(left)")
        }
    }

    #if POSTGRESQL
    @Test("the restore into a database whose tables were removed")
    func removed() async throws {
        try await Folder.with { folder in
            let cluster = try PostgreSQLCluster.shared.get()
            let database = try cluster.database()
            let url = "postgresql://postgres@/\(database)?host=\(cluster.folder)"
            try folder.write("config.yaml", Copied.yaml("{ plugin: postgres-store, settings: { url: \"\(url)\" } }"))
            let server = try await Program.start(folder, secrets: [Copied.secret, "demo-ann"])
            #expect(server.stop() == 0)
            #expect(try Command.grantor("store", "backup", "b", in: folder).status == 0)
            let remove = try Self.blocks("Restore", "sql").joined()
            #expect(remove.contains("DROP TABLE"))
            try cluster.sql(remove, in: database)
            let restored = try Command.grantor("store", "restore", "b", in: folder)
            #expect(restored.status == 0, "\(restored)")
            let next = try await Program.start(folder, secrets: [Copied.secret, "demo-ann"])
            #expect(next.stop() == 0)
        }
    }

    @Test("the move to PostgreSQL")
    func move() async throws {
        try await with { machine in
            let entry = try #require(try Self.blocks("Move to PostgreSQL", "yaml").first)
            let url = try #require(entry.firstMatch(of: /"(postgresql:[^"]*)"/)).1
            let own = try Copied.postgreSQL().firstMatch(of: /"(postgresql:[^"]*)"/).map { String($0.1) } ?? ""
            let config = machine.folder.read("etc/grantor/config.yaml")
            let line = try #require(config.split(separator: "\n").first { $0.contains("sqlite-store") })
            let next = entry.trimmingCharacters(in: .whitespacesAndNewlines).replacing(url, with: own)
            try machine.folder.write("etc/grantor/postgres.yaml", config.replacing(line, with: "  \(next)"))
            let blocks = try Self.blocks("Move to PostgreSQL")
            #expect(blocks.count == 2)
            for block in blocks {
                let ended = try machine.run(block)
                #expect(ended.status == 0, "\(block): \(ended) \(machine.folder.read("serve.log"))")
            }
            let status = try machine.run("grantor store status --config /etc/grantor/config.yaml").output
            #expect(status.contains("postgres-store") && status.contains(/user +1 +0 +1 +0\n/), "\(status)")
        }
    }
    #endif
}
