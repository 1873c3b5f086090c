// SPDX-License-Identifier: Apache-2.0

import Cryptography
import GrantKit
import Logging
import ServerHTTP
import Support
import Testing

@testable import AuthorizationServer

/// A grant that logs what the request asks for.
private struct Talking: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "talking", summary: "", specification: "")
    static let client: JSON = ["id": "c", "grant_types": ["talking"]]
    let declaration = GrantDeclaration("talking", client: .identified)
    let parameters = [ParameterDeclaration("say"), ParameterDeclaration("times")]
    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) { self.host = host }

    func register(in registry: inout Registry) { registry.add(grant: self) }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let said = request.parameters["say"] ?? ""
        for _ in 0..<(request.parameters["times"].flatMap { Int($0) } ?? 1) {
            host.log.notice(
                "said \(said)",
                ["what": said, "message": "m", "request": "r", "a b\n=": "n", "secret": "\(Secret("hush"))"])
        }
        return Authorization(subject: .client(request.client.id), limits: request.allowed)
    }
}

/// A log of the levels from `notice` on.
private struct Notices: LogHandler {
    let kept = RecordedLog()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.notice

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { kept.log(event: event) }
}

@Suite("Plugins log through the host", .timeLimit(.minutes(10)))
struct PluginLogTests {
    private func server() async throws -> TestServer {
        try await TestServer(Plugins.all + [.init(Talking.self)], clients: [Talking.client])
    }

    private func say(_ what: String, times: Int = 1, _ server: TestServer) async {
        let form = [("grant_type", "talking"), ("client_id", "c"), ("say", what), ("times", "\(times)")]
        #expect(await server.post("/auth/token", form).status == 200)
    }

    private func said(_ server: TestServer) -> [String] {
        server.log.lines.filter { $0.hasPrefix("notice said") }
    }

    @Test("a line bears the ids of the plugin and of the request, and a Secret in it is redacted")
    func named() async throws {
        let server = try await server()
        await say("hello", server)
        let line = try #require(said(server).first)
        #expect(said(server).count == 1 && line.contains("what=hello"))
        #expect(line.contains("plugin=talking") && line.contains(" request=request-1"))
        #expect(line.contains("secret=<redacted>") && !line.contains("hush"))
    }

    @Test("a value cannot take the name of one of the server's, and a name cannot break the line")
    func names() async throws {
        let server = try await server()
        await say("hello", server)
        let line = try #require(said(server).first)
        #expect(line.contains("_message=m") && line.contains("_request=r") && line.contains("a_b__=n"))
    }

    @Test(
        "hostile text stays in its line",
        arguments: ["a\nerror forged", "a\r\nb", "a\u{1B}[2Jb", "a\u{202E}b", "a\u{2028}b", "a\u{85}b", "a\u{2066}b"])
    func hostile(_ text: String) async throws {
        let server = try await server()
        await say(text, server)
        let line = try #require(said(server).first)
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) })
        #expect(!line.unicodeScalars.contains { [0x202E, 0x2028, 0x2066].contains($0.value) })
        #expect(line.contains("said a"))
    }

    @Test("each of many requests at once is logged with its own id")
    func atOnce() async throws {
        let server = try await server()
        let dispatcher = RequestDispatcher(server.core)
        let body = Array("grant_type=talking&client_id=c&say=x".utf8)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<90 {
                let head = RequestHead(
                    method: "POST", path: "/auth/token", query: nil,
                    headers: [(name: "content-type", value: "application/x-www-form-urlencoded")],
                    address: "192.0.2.1", id: "own-\(number)")
                group.addTask { _ = await dispatcher.respond(to: ServerRequest(head: head, body: body)) }
            }
        }
        for number in 0..<90 {
            #expect(said(server).count { $0.contains(" request=own-\(number) ") } == 1)
        }
    }

    @Test("a plugin that logs in a loop is cut, and the log says how many lines were dropped")
    func loop() async throws {
        let server = try await server()
        await say("x", times: 250, server)
        #expect(said(server).count == LentLog.most)
        let begins = server.log.lines.filter { $0.contains("more lines in this second are dropped") }
        #expect(begins.count == 1 && begins[0].contains("plugin=talking"))
        LentHost(server.core, to: "another").log.notice("not cut")
        #expect(server.log.lines.contains { $0.hasPrefix("notice not cut") })
        server.clock.advance(.seconds(1))
        await say("x", server)
        #expect(said(server).count == LentLog.most + 1)
        let dropped = server.log.lines.filter { $0.contains("log lines of a plugin were dropped") }
        #expect(dropped.count == 1 && dropped[0].contains("count=150"))
    }

    @Test("outside of a request a line has no request, and its length has a limit")
    func outside() async throws {
        let server = try await server()
        LentHost(server.core, to: "a").log.error(String(repeating: "\u{E9}", count: 10_000), ["long": "\u{E9}"])
        let line = try #require(server.log.lines.last)
        #expect(line.hasPrefix("error ") && !line.contains("request="))
        #expect(line.utf8.count < LentLog.longest + 200)
    }

    @Test("strings for a level that is not logged are not made")
    func lazily() throws {
        let notices = Notices()
        let core = ServerCore(
            issuer: "https://id.example.com", environment: ManualClock(), cryptography: SystemCryptography(),
            secrets: TestServer.secrets, passwords: CountingPasswords(), pages: try Pages(), algorithms: [],
            logger: Logger(label: "test") { _ in notices })
        let log = LentHost(core, to: "a").log
        var made = 0
        func make() -> String {
            made += 1
            return "made"
        }
        log.debug(make(), ["value": make()])
        #expect(made == 0 && notices.kept.lines.isEmpty)
        log.warning(make(), ["value": make()])
        #expect(made == 2 && notices.kept.lines.count == 1)
    }
}
