// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

@Suite("A reload applies 'outbound'", .timeLimit(.minutes(10)))
struct OutboundReloadTests {
    /// Starts a server of keys with a certificate for `keys.example.com`, which answers all paths of keys with 404.
    private func keyServer(_ folder: Folder) async throws -> (OtherAuthority, Program) {
        let authority = try OtherAuthority(folder)
        try authority.certify("DNS:keys.example.com")
        try folder.write(
            "config.yaml", Configurations.yaml(listen: "{ port: 0, tls: { certificate: cert.pem, key: key.pem } }"))
        return (authority, try await Program.start(folder))
    }

    /// Whether the log says that the keys at an address could not be fetched, with a reason; it may do so a moment
    /// after the response.
    private func says(_ program: Program, _ number: Int, _ reason: String) async throws -> Bool {
        for _ in 0..<100 {
            let lines = program.log.split(separator: "\n").filter { $0.contains("keys.example.com/\(number)") }
            if !lines.isEmpty { return lines.allSatisfy { $0.contains(reason) } }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    @Test("the authorities of the file are read again, and a file that cannot be used changes nothing")
    func authorities() async throws {
        try await Folder.with { other in
            let (authority, keys) = try await keyServer(other)
            defer { keys.stop() }
            let proxy = try OtherProxy { [port = keys.port] _ in .tunnel(port) }
            try await Folder.with { folder in
                // Another authority, with the same name.
                _ = try OtherAuthority(folder)
                let password = "demo-proxy-password"
                let basic = Data("grantor:\(password)".utf8).base64EncodedString()
                try folder.write("password", "\(password)\n")
                try folder.write(
                    "config.yaml",
                    Keyed.configuration(
                        "ca_file: ca.pem, proxy: { url: \"http://127.0.0.1:\(proxy.port)\", username: grantor, "
                            + "password: { file: password } }"))
                let program = try await Program.start(folder, secrets: [password, basic])
                let client = try Keyed()
                #expect(try client.fetch(1, program) == 401)
                #expect(try await says(program, 1, "did not respond"), "\(program.log)")
                try folder.write("ca.pem", authority.certificate)
                #expect(try await program.reload().contains("the configuration was reloaded"))
                #expect(try client.fetch(2, program) == 401)
                #expect(try await says(program, 2, "status 404"), "\(program.log)")
                try folder.write("ca.pem", "nonsense")
                let news = try await program.reload()
                #expect(news.contains("was not reloaded") && news.contains("contains no certificate"), "\(news)")
                #expect(try client.fetch(3, program) == 401)
                #expect(try await says(program, 3, "status 404"), "\(program.log)")
                #expect(proxy.requests.allSatisfy { $0.contains("Basic \(basic)\r\n") } && proxy.requests.count == 3)
                #expect(program.stop() == 0)
            }
        }
    }

    @Test("if a reload fails late, requests still go where they went before")
    func failing() async throws {
        let proxies = try (0..<2).map { _ in try OtherProxy { _ in .bytes(OtherServer.reply("403 Forbidden")) } }
        try await Folder.with { folder in
            func configuration(_ proxy: OtherProxy, _ plugins: String) -> String {
                Keyed.configuration("proxy: { url: \"http://127.0.0.1:\(proxy.port)\" }")
                    .replacing("client-assertion]", with: "client-assertion\(plugins)]")
            }
            try folder.write("config.yaml", configuration(proxies[0], ""))
            let program = try await Program.start(folder)
            let client = try Keyed()
            _ = try client.fetch(1, program)
            // The folder of the log is a file, which the plugin notices when it starts.
            let log = ", { plugin: audit-log, settings: { path: config.yaml/audit.log } }"
            try folder.write("config.yaml", configuration(proxies[1], log))
            #expect(try await program.reload().contains("was not reloaded"))
            _ = try client.fetch(2, program)
            #expect(proxies.map(\.requests.count) == [2, 0])
            try folder.write("config.yaml", configuration(proxies[1], ""))
            #expect(try await program.reload().contains("the configuration was reloaded"))
            _ = try client.fetch(3, program)
            #expect(proxies.map(\.requests.count) == [2, 1])
            #expect(program.stop() == 0)
        }
    }
}
