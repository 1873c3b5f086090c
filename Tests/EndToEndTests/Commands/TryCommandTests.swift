// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Support
import Testing

/// A 'grantor try' that waits for a user to approve.
private final class Walk {
    private let process = Process()
    private let input = Pipe()
    private let folder: Folder
    private let name = UUID().uuidString

    init(_ folder: Folder, _ program: Program, _ arguments: [String]) throws {
        self.folder = folder
        for kind in ["out", "err"] { try folder.write("\(name).\(kind)", "") }
        process.executableURL = URL(fileURLWithPath: Build.program)
        process.arguments = ["try", "--server", "http://127.0.0.1:\(program.port)"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardInput = input
        process.standardOutput = FileHandle(forWritingAtPath: "\(folder.path)/\(name).out")
        process.standardError = FileHandle(forWritingAtPath: "\(folder.path)/\(name).err")
        try process.run()
    }

    var output: String { folder.read("\(name).out") }

    var errors: String { folder.read("\(name).err") }

    /// Waits for a word and returns the whole output.
    func shown(_ word: String) async throws -> String {
        try await Patience.wait {
            let isRunning = process.isRunning
            return output.contains(word) || !isRunning
        }
        if output.contains(word) { return output }
        throw ConfigurationError("'\(word)' was not shown: \(output)\(errors)")
    }

    func type(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8)) }

    /// The path and query of the URL that the command asks to open.
    func path(_ port: UInt16) async throws -> String {
        let text = try await shown("paste the whole URL")
        let line = text.components(separatedBy: "\n").first { $0.hasPrefix("http://127.0.0.1:\(port)/auth/authorize?") }
        return String(try #require(line, "\(text)").dropFirst("http://127.0.0.1:\(port)".count))
    }

    func end() -> Int32 {
        process.waitOrKill()
        return process.terminationStatus
    }

    // Not SIGTERM: the command inherits a mask that blocks it from the thread of the test.
    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
}

@Suite("The command 'grantor try'", .timeLimit(.minutes(10)))
struct TryCommandTests {
    /// Runs the shipped configuration on free ports.
    private static func with(_ body: (Folder, Program, _ callback: UInt16) async throws -> Void) async throws {
        try await Folder.with { folder in
            let callback = try FreePort.take()
            let text = try String(contentsOfFile: "\(Build.root)/config.yaml", encoding: .utf8)
                .replacing("port: 8080", with: "port: 0").replacing("127.0.0.1:3000", with: "127.0.0.1:\(callback)")
                .replacing("127.0.0.1:3001", with: "127.0.0.1:\(callback)")
            try folder.write("config.yaml", text)
            let program = try await Program.start(folder, secrets: ["demo-web-secret", "demo-ann"])
            defer { program.stop() }
            try await body(folder, program, callback)
        }
    }

    private static func run(_ arguments: [String], _ folder: Folder, _ program: Program) throws -> Ended {
        try Command.run(
            Build.program, ["try", "--server", "http://127.0.0.1:\(program.port)"] + arguments, in: folder)
    }

    private static func lines(_ output: String) -> [String] {
        output.components(separatedBy: "\n").filter { $0.hasPrefix("curl ") }
    }

    /// Signs Ann in and approves; returns the URL that the browser is redirected to.
    private static func approve(_ program: Program, _ path: String) throws -> String {
        let browser = WebBrowser(program)
        let consent = try browser.submit(browser.open(path), [("username", "ann"), ("password", "demo-ann")])
        let ticked = consent.body.matches(of: /name="scope" value="([^"]*)" checked/).map { ("scope", String($0.1)) }
        let landed = try browser.submit(consent, ticked + [("decision", "allow")])
        return try #require(landed.header("location"), "\(landed.head)\(landed.body)")
    }

    private static func pasted(_ line: String, _ folder: Folder, _ environment: [String: String] = [:]) throws -> JSON {
        let ended = try Command.shell(line, in: folder, environment: environment)
        return (try? JSON(parsing: ended.output)) ?? .null
    }

    @Test("client credentials: the printed command works as pasted, and no secret is passed as an argument")
    func clientCredentials() async throws {
        try await Self.with { folder, program, _ in
            try FileManager.default.createDirectory(atPath: "\(folder.path)/bin", withIntermediateDirectories: true)
            try folder.write(
                "bin/curl", "#!/bin/sh\necho \"$@\" > '\(folder.path)/arguments'\nexec /usr/bin/curl \"$@\"\n")
            chmod("\(folder.path)/bin/curl", 0o755)
            let path = "\(folder.path)/bin:\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
            let ended = try Command.run(
                Build.program,
                ["try", "client_credentials", "--server", "http://127.0.0.1:\(program.port)", "--scope", "read write"],
                in: folder, environment: ["PATH": path])
            #expect(ended.status == 0, "\(ended)")
            #expect(ended.output.contains("HTTP 200") && ended.output.contains("\"access_token\""))
            #expect(folder.read("arguments") == "--config -\n")
            let line = try #require(Self.lines(ended.output).first)
            #expect(line.contains("-u demo:demo-secret"))
            #expect(try Self.pasted(line, folder)["access_token"]?.string != nil)
        }
    }

    @Test("an endpoint below the issuer itself is called there, and not below the base path")
    func belowIssuer() async throws {
        try await Self.with { folder, program, _ in
            let ended = try Self.run(["client_credentials", "--client", "demo"], folder, program)
            let line = try #require(Self.lines(ended.output).last)
            #expect(line.hasSuffix(" http://127.0.0.1:\(program.port)/Session"))
            #expect(try Self.pasted(line, folder)["total"] == 1)
        }
    }

    @Test("a user approves, the response arrives at the redirect URI, and the run continues to userinfo")
    func code() async throws {
        try await Self.with { folder, program, callback in
            let walk = try Walk(folder, program, ["code", "--client", "web"])
            let address = try Self.approve(program, try await walk.path(program.port))
            #expect(address.hasPrefix("http://127.0.0.1:\(callback)/callback?"))
            let query = String(address.dropFirst("http://127.0.0.1:\(callback)".count))
            func get(_ path: String) throws -> Int {
                try HTTPSocket(port: callback).exchange("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n").status
            }
            #expect(try get("/favicon.ico") == 404)
            #expect(try get("/callback?code=x&state=of-somebody-else") == 400)
            #expect(try get(query) == 200)
            #expect(walk.end() == 0, "\(walk.output)")
            #expect(walk.output.contains("\"id_token\"") && walk.output.contains("\"name\": \"Ann Lee\""))
            let refresh = try #require(Self.lines(walk.output).first { $0.contains("refresh_token=") })
            #expect(try Self.pasted(refresh, folder)["access_token"]?.string != nil, "\(refresh)")
        }
    }

    @Test("a response in the fragment can be pasted, and that of another request is refused")
    func fragment() async throws {
        try await Self.with { folder, program, callback in
            let walk = try Walk(folder, program, ["implicit", "--response-type", "id_token token"])
            let address = try Self.approve(program, try await walk.path(program.port))
            #expect(address.hasPrefix("http://127.0.0.1:\(callback)/#"))
            try walk.type("http://127.0.0.1/#access_token=x&state=of-somebody-else")
            _ = try await walk.shown("not the response to this request")
            try walk.type(address)
            #expect(walk.end() == 0, "\(walk.output)")
            #expect(walk.output.contains("id_token") && walk.output.contains("\"name\": \"Ann Lee\""))
        }
    }

    @Test("a browser with a response in the fragment sends it on through the listener's page")
    func fragmentInBrowser() async throws {
        try await Self.with { folder, program, callback in
            let walk = try Walk(folder, program, ["implicit"])
            let address = try Self.approve(program, try await walk.path(program.port))
            let parts = address.split(separator: "#")
            let first = try HTTPSocket(port: callback).exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(first.body.contains("location.hash.slice(1)"))
            let length = "Content-Length: \(parts[1].utf8.count)"
            let second = try HTTPSocket(port: callback).exchange(
                "POST / HTTP/1.1\r\nHost: localhost\r\n\(length)\r\n\r\n\(parts[1])")
            #expect(second.status == 200 && walk.end() == 0, "\(walk.output)")
        }
    }

    @Test("a hybrid response is accepted, and its code redeemed")
    func hybrid() async throws {
        try await Self.with { folder, program, _ in
            let arguments = ["code", "--client", "spa", "--response-type", "code id_token token"]
            let walk = try Walk(folder, program, arguments)
            try walk.type(Self.approve(program, try await walk.path(program.port)))
            #expect(walk.end() == 0, "\(walk.output)")
            let line = try #require(Self.lines(walk.output).first)
            #expect(line.contains("-d code=") && line.contains("-d code_verifier=") && !line.contains("nonce"))
            #expect(walk.output.contains("\"id_token\"") && walk.output.contains("\"name\": \"Ann Lee\""))
        }
    }

    @Test("a response from another server ends the run before the code is sent anywhere (RFC 9207 section 2.4)")
    func mixedUp() async throws {
        try await Self.with { folder, program, _ in
            let walk = try Walk(folder, program, ["code", "--client", "web"])
            let state = try #require(try await walk.path(program.port).firstMatch(of: /state=([^&]*)/)).1
            try walk.type("http://127.0.0.1/callback?code=stolen&state=\(state)&iss=https%3A%2F%2Fother.example.com")
            #expect(walk.end() != 0 && walk.errors.contains("its 'iss' is different"), "\(walk.errors)")
            #expect(Self.lines(walk.output).isEmpty)
        }
    }

    @Test("if the port of the redirect URI is in use, a free one is used")
    func moved() async throws {
        try await Self.with { folder, program, callback in
            let other = try Walk(folder, program, ["code", "--client", "web"])
            _ = try await other.path(program.port)
            let walk = try Walk(folder, program, ["code", "--client", "web"])
            let address = try Self.approve(program, try await walk.path(program.port))
            let port = try #require(
                UInt16(address.firstMatch(of: /^http:\/\/127\.0\.0\.1:([0-9]+)\/callback/)?.1 ?? ""))
            #expect(port != callback)
            let query = String(address.dropFirst("http://127.0.0.1:\(port)".count))
            let request = "GET \(query) HTTP/1.1\r\nHost: localhost\r\n\r\n"
            #expect(try HTTPSocket(port: port).exchange(request).status == 200)
            #expect(walk.end() == 0 && walk.output.contains("\"id_token\""), "\(walk.output)")
        }
    }

    @Test("without a terminal, a response to another machine cannot be received")
    func elsewhere() async throws {
        try await Self.with { folder, program, callback in
            let text = folder.read("config.yaml").replacing(
                "http://127.0.0.1:\(callback)/callback", with: "https://shop.example.com/callback")
            try folder.write("config.yaml", text)
            let ended = try Self.run(["code", "--client", "web"], folder, program)
            #expect(ended.status != 0 && ended.errors.contains("no terminal to paste the response into"), "\(ended)")
            #expect(ended.output.contains("redirect_uri=https%3A%2F%2Fshop.example.com%2Fcallback"))
        }
    }

    @Test("a client secret that is only known as a hash is asked for and not shown")
    func hashed() async throws {
        try await Self.with { folder, program, _ in
            let hash = "$s0$e0801$MDEyMzQ1Njc4OWFiY2RlZg==$Uu3R7gJqiAFtHT+aJ9EzjncgtWTvmMWyROih7o5fE4o="
            let text = folder.read("config.yaml").replacing("secret: demo-secret", with: "secret: \"\(hash)\"")
            try folder.write("config.yaml", text)
            #expect(try await program.reload().contains("the configuration was reloaded"))
            let walk = try Walk(folder, program, ["client_credentials"])
            try walk.type("brought along")
            #expect(walk.end() == 0 && walk.output.contains("HTTP 200"), "\(walk.output)")
            #expect(try #require(Self.lines(walk.output).first).hasPrefix("curl -s -u demo -d grant_type="))
        }
    }

    @Test("a user who denies ends the run with status 1")
    func refused() async throws {
        try await Self.with { folder, program, _ in
            let walk = try Walk(folder, program, ["authorization_code", "--client", "web"])
            let path = try await walk.path(program.port)
            let browser = WebBrowser(program)
            let consent = try browser.submit(browser.open(path), [("username", "ann"), ("password", "demo-ann")])
            let landed = try browser.submit(consent, [("decision", "deny")])
            try walk.type(try #require(landed.header("location")))
            #expect(walk.end() == 1 && walk.output.contains("access_denied"), "\(walk.output)")
        }
    }

    @Test("a password given without a value is asked for, and a wrong one ends the run with status 1")
    func password() async throws {
        try await Self.with { folder, program, _ in
            let walk = try Walk(folder, program, ["password", "--with", "password", "--scope", "openid profile"])
            try walk.type("demo-ann")
            #expect(walk.end() == 0 && walk.output.contains("\"name\": \"Ann Lee\""), "\(walk.output)")
            #expect(!walk.output.contains("demo-ann"), "what is typed unseen is not shown")
            let line = try #require(Self.lines(walk.output).first)
            #expect(try Self.pasted(line, folder, ["PASSWORD": "demo-ann"])["access_token"] != nil, "\(line)")
            let wrong = try Self.run(["password", "--with", "password=demo-bob"], folder, program)
            #expect(wrong.status == 1 && wrong.output.contains("\"error\": \"invalid_grant\""), "\(wrong)")
        }
    }

    @Test(
        "with --print, requests use variables for values from responses, and the challenge fits the verifier"
    )
    func printed() async throws {
        try await Self.with { folder, program, callback in
            let ended = try Self.run(["authorization_code", "--client", "web", "--print"], folder, program)
            #expect(ended.status == 0, "\(ended)")
            let line = try #require(Self.lines(ended.output).first)
            #expect(line.contains("\"code=$CODE\"") && line.contains("-u web:demo-web-secret"))
            let verifier = try #require(line.firstMatch(of: /code_verifier=([A-Za-z0-9_\-]+)/)).1
            let challenge = try #require(ended.output.firstMatch(of: /code_challenge=([A-Za-z0-9_\-]+)/)).1
            #expect(Base64URL.encode(Digest.sha256(Array(String(verifier).utf8))) == String(challenge))
            #expect(ended.output.contains("code_challenge_method=S256") && ended.output.contains("&nonce="))
            let server = "http://127.0.0.1:\(program.port)"
            let page = try #require(
                ended.output.components(separatedBy: "\n").first { $0.hasPrefix("\(server)/auth/") })
            let address = try Self.approve(program, String(page.dropFirst(server.count)))
            #expect(address.hasPrefix("http://127.0.0.1:\(callback)/callback?"))
            let code = String(try #require(address.firstMatch(of: /code=([^&]*)/)).1)
            #expect(try Self.pasted(line, folder, ["CODE": code])["id_token"]?.string != nil, "\(line)")
        }
    }

    @Test("a shell reads each value of a command back byte for byte, whatever is next to its quotes")
    func readBack() async throws {
        try await Self.with { folder, program, _ in
            for mark in Hostile.marks where mark != "\u{0}" {
                let odd = "a'\(mark);id;'\(mark)`id`$(id)"
                let given = ["--with", "username=\(odd)", "--with", "password=x"]
                let ended = try Self.run(["password", "--print"] + given, folder, program)
                let line = try #require(Self.lines(ended.output).first, "\(ended)")
                let read = try Command.shell("curl() { printf '<%s>' \"$@\"; }; \(line)", in: folder)
                let sent = [odd, Form.encode(odd)].map { Array("<username=\($0)>".utf8) }
                let isReadBack = sent.contains { Array(read.output.utf8).firstRange(of: $0) != nil }
                #expect(isReadBack, "\(line.debugDescription): \(read.output.debugDescription)")
            }
        }
    }

    @Test("all kinds of quotes in a value arrive unchanged")
    func quoted() async throws {
        try await Self.with { folder, program, _ in
            let odd = "it's \"odd\" \\ $HOME & 100% + ü"
            let text = folder.read("config.yaml").replacing(
                "password: demo-ann", with: "password: '\(odd.replacing("'", with: "''"))'")
            try folder.write("config.yaml", text)
            #expect(try await program.reload().contains("the configuration was reloaded"))
            let ended = try Self.run(["password", "--with", "password=\(odd)"], folder, program)
            #expect(ended.status == 0, "\(ended)")
            #expect(try Self.pasted(try #require(Self.lines(ended.output).first), folder)["access_token"] != nil)
        }
    }

    /// Commands that are refused, and the words that say why.
    static let refusals: [(rule: String, arguments: [String], words: String)] = [
        ("an unknown grant", ["pasword"], "did you mean 'password'?"),
        ("an unknown client", ["password", "--client", "nobody"], "declares no active client 'nobody'"),
        ("a client without the grant", ["password", "--client", "web"], "client 'web' may not use password"),
        (
            "a client without one of two grants", ["code", "--client", "web", "--response-type", "code token"],
            "implicit"
        ),
        ("an unknown word", ["code", "--response-type", "cod"], "did you mean 'code'?"),
        ("a word of another grant alone", ["code", "--response-type", "token"], "does not use the grant"),
        ("an unknown parameter", ["password", "--with", "usrname=x"], "did you mean 'username'?"),
        ("nobody to ask", ["refresh_token", "--client", "web"], "pass it with '--with refresh_token=...'"),
        ("no server", ["client_credentials", "--server", "http://127.0.0.1:1"], "with 'grantor serve'"),
    ]

    @Test("says what is wrong and what to do", arguments: refusals)
    func refuses(_ rule: String, _ arguments: [String], _ words: String) async throws {
        try await Folder.with { folder in
            let text = try String(contentsOfFile: "\(Build.root)/config.yaml", encoding: .utf8)
            try folder.write("config.yaml", text)
            let ended = try Command.run(Build.program, ["try"] + arguments, in: folder)
            #expect(ended.status != 0 && ended.errors.contains(words), "\(rule): \(ended)")
        }
    }

    @Test("an invalid configuration is not tried")
    func broken() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", "issuer: nowhere\n")
            let ended = try Command.grantor("try", "password", in: folder)
            #expect(ended.status == 78 && ended.errors.contains("error:"), "\(ended)")
        }
    }
}
