// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import Support
import Testing

/// nginx or HAProxy in front of two nodes, configured as Docs/Operating says.
final class LoadBalancer: @unchecked Sendable {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case nginx, haproxy

        var testDescription: String { rawValue }
        var program: String { "/usr/sbin/\(rawValue)" }
    }

    let port: UInt16
    private let folder: Folder
    private let process = Process()

    init(_ kind: Kind, _ ports: [UInt16], in folder: Folder) async throws {
        guard FileManager.default.fileExists(atPath: kind.program) else {
            throw Missing(
                description: "the package '\(kind.rawValue)' is missing; run 'Scripts/test', which installs it")
        }
        (self.folder, port) = (folder, try FreePort.take())
        try folder.write("balancer.conf", try LoadBalancer.configuration(kind, port, ports, in: folder))
        try LoadBalancer.certify(folder)
        process.executableURL = URL(fileURLWithPath: kind.program)
        process.arguments =
            kind == .nginx
            ? ["-p", folder.path, "-c", "\(folder.path)/balancer.conf"] : ["-db", "-f", "\(folder.path)/balancer.conf"]
        try folder.write("balancer.log", "")
        process.standardOutput = FileHandle(forWritingAtPath: "\(folder.path)/balancer.log")
        process.standardError = process.standardOutput
        try process.run()
        try await Patience.wait { try await send("/health/live").status != 0 || !process.isRunning }
        if !process.isRunning { throw Missing(description: folder.read("balancer.log")) }
    }

    struct Missing: Error, CustomStringConvertible { let description: String }

    func stop() {
        process.terminate()
        process.waitOrKill()
    }

    /// The page's configuration, with the ports, certificates and folders of the test.
    private static func configuration(
        _ kind: Kind, _ port: UInt16, _ nodes: [UInt16], in folder: Folder
    ) throws -> String {
        let page = try OperatingPage("two-nodes")
        var text = try page.block(kind.rawValue)
        var changes = zip(["8081", "8082", "9091", "9092"], nodes + nodes).map { ($0, "\($1)") }
        switch kind {
        case .nginx:
            let upstream = /upstream grantor \{[^}]*\}\n/
            let one = try OperatingPage("one-node").block("nginx")
            #expect(one.contains(upstream) && text.contains(upstream))
            text = one.replacing(upstream, with: text)
            text =
                "daemon off;\npid \(folder.path)/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n\(text)}\n"
            changes += [
                ("listen 443", "listen 127.0.0.1:\(port)"), ("/etc/ssl/id.example.com", folder.path),
            ]
        case .haproxy:
            changes += [
                ("bind :443", "bind 127.0.0.1:\(port)"), ("/etc/haproxy/id.example.com.pem", "\(folder.path)/both.pem"),
            ]
        }
        for (found, replacement) in changes {
            #expect(text.contains(found) || found.hasPrefix("909"), "the page names \(found)")
            text = text.replacing(found, with: replacement)
        }
        return text
    }

    private static func certify(_ folder: Folder) throws {
        let line = """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=id.example.com \
            -keyout key.pem -out chain.pem && cat chain.pem key.pem > both.pem
            """
        let made = try Command.shell(line, in: folder)
        try #require(made.status == 0, "\(made.errors)")
    }

    // MARK: requests

    struct Answer {
        let status: Int
        let head: String
        let body: String
    }

    /// Sends a request with curl, over a connection of its own.
    func send(_ path: String, _ options: String = "") async throws -> Answer {
        let (folder, port) = (folder, port)
        return try await onThread {
            let done = try Command.shell("curl -sk -i \(options) 'https://127.0.0.1:\(port)\(path)'", in: folder)
            let parts = done.output.components(separatedBy: "\r\n\r\n")
            let status = done.output.firstMatch(of: /^HTTP\/[0-9.]+ (\d+)/).flatMap { Int($0.1) } ?? 0
            return Answer(status: status, head: parts[0].lowercased(), body: parts.dropFirst().joined())
        }
    }

    func token() async throws -> Answer {
        try await send("/auth/token", "-u 'service:\(Nodes.secret)' -d grant_type=client_credentials")
    }

    /// Requests tokens one after another until it is told to end.
    ///
    /// - Returns: The statuses.
    func load(_ count: Int, pause: Double) async throws -> [String] {
        let (folder, port) = (folder, port)
        return try await onThread {
            let line = """
                for number in $(seq \(count)); do curl -sk -o /dev/null -w '%{http_code}\\n' -u 'service:\(Nodes.secret)' \
                -d grant_type=client_credentials 'https://127.0.0.1:\(port)/auth/token'; sleep \(pause); done
                """
            return try Command.shell(line, in: folder).output.split(separator: "\n").map { String($0) }
        }
    }
}
#endif
