// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Synchronization

/// A PostgreSQL server of its own, on a Unix socket in a temporary folder, which ends with the tests.
public final class PostgreSQLCluster: Sendable {
    /// Why there is none.
    public struct Missing: Error, CustomStringConvertible {
        public let description: String
    }

    /// The folder of the programs of the newest version, as Debian installs them.
    private static let programs: String = {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        return "/usr/lib/postgresql/\(all.compactMap { Int($0) }.max() ?? 15)/bin"
    }()

    /// What is missing on this machine; nil if nothing is.
    public static var missing: String? {
        let files = [
            ("postgresql", "\(programs)/postgres"), ("postgresql-client", "/usr/bin/psql"),
            ("pgbouncer", "/usr/sbin/pgbouncer"),
        ]
        for (package, file) in files where !FileManager.default.fileExists(atPath: file) {
            return "the package '\(package)' is missing: there is no \(file); run 'Scripts/test', which installs it"
        }
        return nil
    }

    /// The cluster that tests share which only need a place for their tables.
    public static let shared = Result { try PostgreSQLCluster() }

    /// The folder of the socket.
    public let folder: String
    private let settings: [String]
    private let running = Mutex<Process?>(nil)
    private let watcher: Process

    /// Creates a cluster and starts it.
    ///
    /// - Parameters:
    ///   - settings: Lines of its configuration.
    ///   - primary: Another cluster, of which this one becomes a standby.
    /// - Throws: `Missing`.
    public init(_ settings: [String] = [], standbyOf primary: PostgreSQLCluster? = nil) throws {
        if let missing = PostgreSQLCluster.missing { throw Missing(description: missing) }
        self.settings = settings
        // Short, since the path of a socket is.
        folder = "/tmp/grantor-pg-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        if geteuid() == 0 { _ = try PostgreSQLCluster.run(["chown", "postgres", folder], asOwner: false) }
        watcher = try PostgreSQLCluster.watch(folder)
        let made = try PostgreSQLCluster.run(PostgreSQLCluster.making("\(folder)/data", primary))
        guard made.status == 0 else { throw Missing(description: "there is no cluster: \(made.output)") }
        let own = ["listen_addresses=''", "unix_socket_directories='\(folder)'", "fsync=off", "max_connections=600"]
        let lines = own + settings
        let configuration = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/data/postgresql.conf"))
        try configuration.seekToEnd()
        try configuration.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
        try configuration.close()
        _ = FileManager.default.createFile(atPath: "\(folder)/log", contents: nil)
        try start()
    }

    /// The command that makes the files of a cluster.
    private static func making(_ data: String, _ primary: PostgreSQLCluster?) -> [String] {
        if let primary {
            return [
                "\(programs)/pg_basebackup", "--no-sync", "-D", data, "-U", "postgres", "-h", primary.folder, "-R",
                "-X",
                "stream", "-c", "fast",
            ]
        }
        return [
            "\(programs)/initdb", "--no-sync", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8",
        ]
    }

    deinit {
        stop(SIGQUIT)
        try? (watcher.standardInput as? Pipe)?.fileHandleForWriting.close()
        watcher.waitUntilExit()
    }

    // MARK: the server

    /// Starts the server, and waits until it takes connections.
    public func start() throws {
        let process = PostgreSQLCluster.process(["\(PostgreSQLCluster.programs)/postgres", "-D", "\(folder)/data"])
        let log = FileHandle(forWritingAtPath: "\(folder)/log") ?? .nullDevice
        (process.standardInput, process.standardOutput, process.standardError) = (FileHandle.nullDevice, log, log)
        try process.run()
        running.withLock { $0 = process }
        for _ in 0..<600 {
            if (try? sql("SELECT 1")) != nil { return }
            Thread.sleep(forTimeInterval: 0.1)
        }
        throw Missing(description: "the server did not start: see \(folder)/log")
    }

    /// Ends the server, and waits until it has ended.
    ///
    /// - Parameter signal: `SIGINT` to end its sessions, `SIGQUIT` to end like after a crash, or `SIGKILL`.
    public func stop(_ signal: Int32) {
        let process = running.withLock { running in
            defer { running = nil }
            return running
        }
        guard let process, let first else { return }
        kill(first, signal)
        process.waitUntilExit()
        // Processes of a server that was killed notice it at their next look.
        for _ in 0..<200 where !processes.isEmpty { Thread.sleep(forTimeInterval: 0.05) }
    }

    /// The first process of the server.
    private var first: pid_t? {
        let file = try? String(contentsOfFile: "\(folder)/data/postmaster.pid", encoding: .utf8)
        return file?.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    /// Starts a shell that ends the server when this process ends, however it does, since the pipe closes then.
    private static func watch(_ folder: String) throws -> Process {
        let script = """
            read -r word; server=$(head -n 1 '\(folder)/data/postmaster.pid') && kill -QUIT "$server"
            for file in '\(folder)'/bouncer-*/pid; do kill -KILL "$(cat "$file")"; done 2>/dev/null
            while kill -0 "$server"; do sleep 0.1; done 2>/dev/null; rm -rf '\(folder)'
            """
        let process = process(["sh", "-c", script])
        process.standardInput = Pipe()
        try process.run()
        return process
    }

    /// Sets a parameter while the server runs.
    public func set(_ parameter: String, _ value: String) throws {
        try sql("ALTER SYSTEM SET \(parameter) = '\(value)'")
        try sql("SELECT pg_reload_conf()")
    }

    /// Stops all processes of the server in their tracks, or lets them run again.
    public func pause(_ isPaused: Bool) {
        for process in processes { kill(process, isPaused ? SIGSTOP : SIGCONT) }
    }

    /// The processes of the server, the first one last.
    private var processes: [pid_t] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { pid_t($0) }.filter { process in
            let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")
            return place == "\(folder)/data"
        }.sorted(by: >)
    }

    // MARK: databases

    /// Runs statements.
    ///
    /// - Returns: The rows, with `|` between columns.
    /// - Throws: `Missing` with the error.
    @discardableResult
    public func sql(_ statements: String, in database: String = "postgres") throws -> String {
        let result = try PostgreSQLCluster.run(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "postgresql://postgres@/\(database)?host=\(folder)"],
            input: statements)
        guard result.status == 0 else { throw Missing(description: result.output) }
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Creates an empty schema, if there is none.
    ///
    /// - Parameter name: Any string.
    /// - Returns: The URL of a connection that uses it.
    public func schema(_ name: String = UUID().uuidString) throws -> String {
        let word = PostgreSQLCluster.word(name)
        try sql("SET client_min_messages = error; CREATE SCHEMA IF NOT EXISTS \(word)")
        return "postgresql://postgres@/postgres?host=\(folder)&options=-csearch_path%3D\(word)"
    }

    /// Creates an empty schema whose clock is as far ahead as its table `shift` says, in seconds.
    ///
    /// - Parameter name: Any string.
    /// - Returns: The URL of a connection that uses it.
    public func shiftedClock(_ name: String) throws -> String {
        let url = try schema(name)
        let word = PostgreSQLCluster.word(name)
        try sql(
            """
            CREATE TABLE \(word).shift (seconds integer NOT NULL); INSERT INTO \(word).shift VALUES (0);
            CREATE FUNCTION \(word).clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
            'SELECT pg_catalog.clock_timestamp() + make_interval(secs => (SELECT seconds FROM \(word).shift))'
            """)
        // A schema that is named before the catalog hides what the catalog has.
        return url + ",pg_catalog"
    }

    /// The URL of a connection to the shared cluster with tables of its own.
    ///
    /// - Parameter folder: The name of the tables; `/` for a plugin that is not started.
    public static func url(_ folder: String) -> String {
        guard folder != "/" else { return nowhere }
        return (try? shared.get().schema(folder)) ?? nowhere
    }

    /// A URL that leads to no server.
    public static let nowhere = "postgresql://nobody@/none?host=/nowhere"

    /// Creates an empty database, if there is none.
    ///
    /// - Returns: Its name.
    public func database(_ name: String = UUID().uuidString) throws -> String {
        let word = PostgreSQLCluster.word(name)
        if try sql("SELECT 1 FROM pg_database WHERE datname = '\(word)'").isEmpty {
            try sql("CREATE DATABASE \(word)")
        }
        return word
    }

    private static func word(_ name: String) -> String {
        "t"
            + String(
                decoding: name.lowercased().utf8.filter { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 }.suffix(40),
                as: UTF8.self)
    }

    // MARK: programs

    /// Starts a program as the user who owns the server, which refuses to run as root.
    public static func process(_ command: [String], asOwner: Bool = true) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            asOwner && geteuid() == 0
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] + command : command
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        process.standardError = FileHandle.nullDevice
        return process
    }

    private static func run(
        _ command: [String], input: String = "", asOwner: Bool = true
    ) throws -> (status: Int32, output: String) {
        let (process, pipe, out) = (process(command, asOwner: asOwner), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (pipe, out, out)
        try process.run()
        try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try pipe.fileHandleForWriting.close()
        let output = out.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
