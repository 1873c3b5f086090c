// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

@Suite("The example of a network policy, built outside of the repository", .serialized, .timeLimit(.minutes(10)))
struct NetworkPolicyTests {
    private static let package = "\(Build.root)/Examples/NetworkPolicy"
    private static let secret = "the secret of the export"

    /// Builds the package, and runs its tests.
    private func build(in folder: Folder) throws -> String {
        // The package has its own folder, since two packages cannot build into the same one at once.
        let scratch = "\(Build.root)/.build-examples/network-policy"
        let ended = try Command.shell(
            "swift test --package-path '\(Self.package)' --scratch-path '\(scratch)' 2>&1", in: folder)
        #expect(ended.status == 0, "\(ended.output)")
        #expect(ended.output.contains("Test run with"), "\(ended.output)")
        // A diagnostic begins with the path of the file.
        #expect(!ended.output.contains("/Examples/NetworkPolicy/Sources/"), "\(ended.output)")
        return "\(scratch)/debug/libnetwork-policy.so"
    }

    private func configuration(_ library: String, _ policy: String) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0, trusted_proxies: [127.0.0.1] }
        plugins:
          - memory-store
          - jwt-token
          - client-credentials
          - plugin: network-policy
            library: \(library)
        clients:
          - id: export
            secret: \(Self.secret)
            grant_types: [client_credentials]
            scope: [read]
            auth: { client_credentials: { \(policy) } }
        """
    }

    private func ask(_ program: Program, from address: String) throws -> HTTPAnswer {
        let body = "grant_type=client_credentials"
        return try HTTPSocket(port: program.port).exchange(
            "POST /auth/token HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: \(address)\r\n"
                + "Authorization: \(Form.basic("export", Self.secret))\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.utf8.count)\r\n"
                + "Connection: close\r\n\r\n\(body)")
    }

    @Test("its own tests pass, it loads, and it sees the addresses that a trusted proxy forwards")
    func example() async throws {
        try await Folder.with { folder in
            let library = try build(in: folder)
            try folder.write(
                "config.yaml", configuration(library, "networks: [10.20.0.0/16, 2001:db8::/32], rate: 3/h"))
            let program = try await Program.start(folder, secrets: [Self.secret])
            #expect(try ask(program, from: "10.21.0.1").status == 400)
            let refused = try ask(program, from: "198.51.100.7")
            #expect(refused.status == 400 && refused["error"] == "unauthorized_client")
            for address in ["10.20.255.255", "2001:db8::7", "10.20.0.1"] {
                #expect(try ask(program, from: address).status == 200, "refused requests do not count")
            }
            let many = try ask(program, from: "10.20.0.1")
            #expect(many.status == 429 && many.header("retry-after").flatMap { Int($0) }.map { 1...1200 ~= $0 } == true)
            #expect(program.stop() == 0)
        }
    }

    @Test("a value that cannot be read is reported with its place and an example")
    func mistakes() async throws {
        try await Folder.with { folder in
            let library = try build(in: folder)
            for (policy, expected) in [
                ("networks: 10.20.0.1/16", "a network such as 10.0.0.0/8"), ("hours: 8-18", "hours such as"),
                ("rate: 5/d", "a number of requests a second"), ("network: 10.0.0.0/8", "networks"),
            ] {
                try folder.write("config.yaml", configuration(library, policy))
                let ended = try Command.grantor("check", in: folder)
                #expect(ended.status == 78 && ended.errors.contains(expected), "\(ended.errors)")
                #expect(ended.errors.contains("config.yaml:14:"), "\(ended.errors)")
            }
        }
    }
}
