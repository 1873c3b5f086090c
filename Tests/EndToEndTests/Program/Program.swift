// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Synchronization
import Testing

/// The repository of the tests and its build products.
enum Build {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
    /// The build leaves the program and the libraries beside the test bundle.
    static let products = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent().path
    static let program = "\(products)/grantor"
}

/// A folder that is removed after a test.
struct Folder {
    let path: String

    static func with<Value>(_ body: (Folder) async throws -> Value) async throws -> Value {
        let folder = Folder(path: "/tmp/grantor-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        chmod(folder.path, 0o755)
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        return try await body(folder)
    }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    }

    func read(_ name: String) -> String {
        (FileManager.default.contents(atPath: "\(path)/\(name)")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

extension Process {
    /// Waits for the process to end and kills it if it does not, since a test that hangs must not outlive its run.
    func waitOrKill(seconds: Int = Patience.seconds) {
        let end = ContinuousClock.now + .seconds(seconds)
        while isRunning, ContinuousClock.now < end { usleep(5000) }
        if isRunning {
            Issue.record("a process did not end within \(seconds) seconds: \(arguments?.joined(separator: " ") ?? "")")
            kill(processIdentifier, SIGKILL)
        }
        waitUntilExit()
    }
}

/// The output and the status of a command.
struct Ended {
    let status: Int32
    let output: String
    let errors: String
}

/// Runs blocking work on a separate thread, since tests share few threads.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}

enum Command {
    /// Runs a command to its end; its output goes to files, so that it cannot block.
    static func run(
        _ program: String, _ arguments: [String], in folder: Folder, at place: String? = nil,
        environment: [String: String] = [:], patience: Int = Patience.seconds
    ) throws -> Ended {
        let (name, process) = (UUID().uuidString, Process())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: place ?? folder.path)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (output, errors) = ("\(folder.path)/\(name).out", "\(folder.path)/\(name).err")
        for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitOrKill(seconds: patience)
        return Ended(
            status: process.terminationStatus, output: folder.read("\(name).out"), errors: folder.read("\(name).err"))
    }

    static func grantor(_ arguments: String..., in folder: Folder, environment: [String: String] = [:]) throws -> Ended
    {
        try run(Build.program, arguments, in: folder, environment: environment)
    }

    static func shell(_ line: String, in folder: Folder, environment: [String: String] = [:]) throws -> Ended {
        try run("/bin/bash", ["-c", line], in: folder, environment: environment)
    }
}

/// The real program with the real libraries, on a free port.
final class Program: @unchecked Sendable {
    let folder: Folder
    let port: UInt16
    private let process: Process

    /// Whether the process is still running.
    var isRunning: Bool { process.isRunning }
    /// The secrets and tokens that this program has handled, none of which may appear in a log.
    var secrets: [String] { known.withLock { $0 } }
    private let known: Mutex<[String]>

    /// Starts the program with the `config.yaml` of a folder.
    static func start(
        _ folder: Folder, options: [String] = [], secrets: [String] = [], environment: [String: String] = [:]
    ) async throws -> Program {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Build.program)
        process.arguments = ["serve"] + options
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let name = "serve-\(UUID().uuidString)"
        for kind in ["out", "err"] { try folder.write("\(name).\(kind)", "") }
        process.standardOutput = FileHandle(forWritingAtPath: "\(folder.path)/\(name).out")
        process.standardError = FileHandle(forWritingAtPath: "\(folder.path)/\(name).err")
        try process.run()
        var port: UInt16?
        try await Patience.wait {
            let isRunning = process.isRunning
            port = folder.read("\(name).out").firstMatch(of: /listening +https?:\/\/[^\n]*:(\d+)\n/)
                .flatMap { UInt16($0.1) }
            return port != nil || !isRunning
        }
        if let port { return Program(folder, process, port: port, name: name, secrets: secrets) }
        if process.isRunning { process.terminate() }
        throw ConfigurationError("the program did not start: \(folder.read("\(name).err"))")
    }

    private let name: String

    private init(_ folder: Folder, _ process: Process, port: UInt16, name: String, secrets: [String]) {
        self.folder = folder
        self.process = process
        self.port = port
        self.name = name
        known = Mutex(secrets)
    }

    var pid: Int32 { process.processIdentifier }
    var output: String { folder.read("\(name).out") }
    var log: String { folder.read("\(name).err") }

    func remember(_ secret: String) { known.withLock { $0.append(secret) } }

    /// Sends a form and reads the response; tokens in it become secrets that must not be logged.
    func post(_ path: String, _ form: [(String, String)], as client: (String, String)? = nil) throws -> HTTPAnswer {
        let body = form.map { "\(Form.encode($0.0))=\(Form.encode($0.1))" }.joined(separator: "&")
        let basic = client.map { "Authorization: \(Form.basic($0.0, $0.1))\r\n" } ?? ""
        let answer = try HTTPSocket(port: port).exchange(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(basic)Content-Type: application/x-www-form-urlencoded\r\n"
                + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
        for member in ["access_token", "refresh_token"] {
            if let token = answer.json[member]?.string { remember(token) }
        }
        return answer
    }

    func get(_ path: String, port: UInt16? = nil) throws -> HTTPAnswer {
        try HTTPSocket(port: port ?? self.port).exchange(
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    }

    func token(_ id: String, _ secret: String, _ form: [(String, String)] = []) throws -> HTTPAnswer {
        try post("/auth/token", [("grant_type", "client_credentials")] + form, as: (id, secret))
    }

    /// Reloads, and waits until the log reports the result.
    func reload() async throws -> String {
        let before = log.count
        kill(pid, SIGHUP)
        guard try await Patience.wait(until: { log.dropFirst(before).contains("reloaded") }) else {
            throw ConfigurationError("no word of the reload")
        }
        return String(log.dropFirst(before))
    }

    /// Stops the program and checks everything that it logged.
    @discardableResult
    func stop() -> Int32 {
        if process.isRunning { process.terminate() }
        process.waitOrKill()
        let log = self.log
        for secret in secrets where !secret.isEmpty { #expect(!log.contains(secret), "a secret is in the log") }
        return process.terminationStatus
    }

    func kill9() {
        kill(pid, SIGKILL)
        process.waitUntilExit()
    }
}
