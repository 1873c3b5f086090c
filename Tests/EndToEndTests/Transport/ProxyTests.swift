// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@testable import ServerHTTP

@Suite("Requests to other servers pass through a proxy, and cannot be misdirected by it", .timeLimit(.minutes(10)))
struct ProxyTests {
    private static let password = "demo-proxy-password"

    private static func client(
        _ port: UInt16, _ except: [String] = [], authorities: TrustedAuthorities? = nil,
        limit: Duration = .seconds(30), credentials: (String, Secret)? = nil
    ) -> OutboundClient {
        let proxy = OutboundProxy(
            host: "127.0.0.1", port: Int(port), credentials: credentials.map { (username: $0.0, password: $0.1) },
            exceptions: except.compactMap { OutboundException($0) })
        // A name that goes to the proxy is not resolved here.
        let resolver = OutboundResolver { host in
            guard host.utf8.elementsEqual("localhost".utf8) else { throw OutboundError("'\(host)' cannot be resolved") }
            return ["127.0.0.1"]
        }
        return OutboundClient(
            OutboundSettings(OutboundNetworks(loopback: true), authorities: authorities, proxy: proxy), limit: limit,
            resolver: resolver)
    }

    private func failure(_ client: OutboundClient, _ url: String = "https://keys.example.com/") async -> String {
        do {
            return "answered \(try await client.send(OutboundRequest("GET", url)).status)"
        } catch {
            return "\(error)"
        }
    }

    // MARK: the tunnel

    /// Starts a server whose certificate has some names, and a proxy that leads to it whatever the target is.
    private func behindProxy(
        _ names: String, _ body: (OtherProxy, _ authorities: TrustedAuthorities) async throws -> Void
    ) async throws {
        try await Folder.with { folder in
            let authority = try OtherAuthority(folder)
            try authority.certify(names)
            try folder.write(
                "config.yaml",
                Configurations.yaml(listen: "{ port: 0, tls: { certificate: cert.pem, key: key.pem } }"))
            let program = try await Program.start(folder)
            defer { program.stop() }
            let proxy = try OtherProxy { [port = program.port] _ in .tunnel(port) }
            try await body(proxy, try TrustedAuthorities(Array(authority.certificate.utf8), now: 0))
        }
    }

    @Test(
        "TLS passes through the tunnel: the certificate must be trusted and valid for the target's name",
        .clause("RFC 9110 section 9.3.6"))
    func tunnel() async throws {
        try await behindProxy("DNS:keys.example.com") { proxy, trusted in
            let path = "/.well-known/oauth-authorization-server"
            let client = Self.client(
                proxy.port, authorities: trusted, credentials: ("grantor", Secret(Self.password)))
            let reply = try await client.send(OutboundRequest("GET", "https://keys.example.com\(path)"))
            #expect(reply.status == 200 && reply.body.starts(with: "{".utf8))
            #expect(
                proxy.requests == [
                    """
                    CONNECT keys.example.com:443 HTTP/1.1\r\nHost: keys.example.com:443\r\nUser-Agent: grantor\r\n\
                    Proxy-Authorization: Basic \(Data("grantor:\(Self.password)".utf8).base64EncodedString())\r\n\r\n
                    """
                ])
            let other = await failure(client, "https://other.example.com\(path)")
            #expect(other.contains("the certificate is not for 'other.example.com'"), "\(other)")
            #expect(
                await failure(Self.client(proxy.port), "https://keys.example.com\(path)").contains("did not respond"))
            #expect(proxy.requests.count == 3 && !proxy.requests[2].contains("Authorization"))
            for _ in 0..<3 { try await many(client, "https://keys.example.com\(path)") }
        }
    }

    @Test(
        "a certificate counts for the host of the URL, and never for the address of the proxy",
        .clause("RFC 9110 section 4.3.4"))
    func identity() async throws {
        try await behindProxy("IP:127.0.0.1,IP:93.184.215.14") { proxy, trusted in
            let client = Self.client(proxy.port, authorities: trusted)
            let path = "/.well-known/oauth-authorization-server"
            for host in ["keys.example.com", "93.184.215.15"] {
                let problem = await failure(client, "https://\(host)\(path)")
                #expect(problem.contains("the certificate is not for '\(host)'"), "\(problem)")
            }
            for host in ["93.184.215.14", "0x5db8d70e"] {
                #expect(await failure(client, "https://\(host)\(path)") == "answered 200")
            }
        }
    }

    /// Sends many requests at once.
    private func many(_ client: OutboundClient, _ url: String) async throws {
        let answered = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 { group.addTask { try await client.send(OutboundRequest("GET", url)).status } }
            return try await group.reduce(into: 0) { count, status in count += status == 200 ? 1 : 0 }
        }
        #expect(answered == 20)
    }

    @Test("a server that speaks before TLS begins, or no TLS, is not heard")
    func noTLS() async throws {
        let plain = try LocalListener { LocalListener.send(OtherServer.reply("200 OK"), to: $0) }
        let proxy = try OtherProxy { [port = plain.port] _ in .tunnel(port) }
        let problem = await failure(Self.client(proxy.port))
        // What it sends may arrive together with the proxy's answer.
        #expect(problem.contains("did not respond") || problem.contains("more than its answer"), "\(problem)")
        let early = try OtherProxy { [port = plain.port] _ in .tunnel(port, then: Array("HTTP/1.1 200 OK".utf8)) }
        #expect(await failure(Self.client(early.port)).contains("more than its answer"))
    }

    // MARK: answers

    /// What proxies answer, and the reason that the log then has.
    static let answers: [(answer: String, reason: String)] = [
        ("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n", "set 'outbound.proxy.username'"),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno!!", "keys.example.com:443 with status 403"),
        ("HTTP/1.0 502 Bad Gateway\r\n\r\n", "with status 502"), ("HTTP/1.1 302 Found\r\n\r\n", "with status 302"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "with status 100"),
        ("", "closed the connection"), ("HTTP/1.1 200 OK\r\n", "closed the connection"),
        ("HTTP/1.1 200 OK\n\n", "closed the connection"), ("SSH-2.0-OpenSSH_9.6\r\n", "does not answer with HTTP/1.1"),
        ("HTTP/2 200\r\n\r\n", "does not answer with HTTP/1.1"), ("HTTP/1.1 2000 OK\r\n\r\n", "with HTTP/1.1"),
        ("HTTP/1.1  200 OK\r\n\r\n", "with HTTP/1.1"), ("HTTP/1.1\r\n\r\n", "with HTTP/1.1"),
        ("HTTP/1.1 20\u{0} OK\r\n\r\n", "with HTTP/1.1"),
        ("HTTP/1.1 200 OK\r\n" + String(repeating: "X-A: b\r\n", count: 100_000), "more than 8192 bytes"),
        (String(repeating: "HTTP/1.1 ", count: 100_000), "more than 8192 bytes"),
        ("HTTP/1.1 200 OK\r\n\r\nmore", "more than its answer"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmore", "more than its answer"),
    ]

    @Test("an answer that opens no tunnel is an error with its reason", arguments: answers.indices)
    func refused(_ place: Int) async throws {
        let (answer, reason) = Self.answers[place]
        let proxy = try OtherProxy { _ in .bytes(Array(answer.utf8)) }
        let problem = await failure(Self.client(proxy.port))
        #expect(problem.contains(reason) && problem.contains("proxy"), "\(problem)")
    }

    @Test("a refused password is not repeated in the error")
    func wrongPassword() async throws {
        let proxy = try OtherProxy { _ in .bytes(Array("HTTP/1.1 407 \(Self.password)\r\n\r\n".utf8)) }
        let client = Self.client(proxy.port, credentials: ("grantor", Secret(Self.password)))
        let problem = await failure(client)
        #expect(problem.contains("refuses the user name or password") && !problem.contains(Self.password))
    }

    @Test("a proxy that answers slowly or not at all is abandoned after the limit")
    func slow() async throws {
        let head = Array("HTTP/1.1 200 OK\r\n".utf8) + Array(String(repeating: "X-A: b\r\n", count: 500).utf8)
        for answer in [OtherProxy.Answer.silence, .drip(head)] {
            let proxy = try OtherProxy { _ in answer }
            let problem = await failure(Self.client(proxy.port, limit: .seconds(1)))
            #expect(problem.contains("within 1 seconds"), "\(problem)")
        }
    }

    @Test("a proxy that is not there is named as the reason")
    func absent() async throws {
        let problem = await failure(Self.client(try FreePort.take()))
        #expect(problem.contains("the proxy did not respond"), "\(problem)")
    }

    // MARK: targets

    @Test(
        "no tunnel leads to an address outside the public internet, however it is written, or to a private name",
        arguments: [
            "10.0.0.1", "10.1", "167772161", "0x0a000001", "012.0.0.1", "169.254.169.254", "0xa9fea9fe", "[fd00::1]",
            "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[fe80::1]", "0.0.0.0", "metadata.google.internal", "intranet",
            "printer.local", "router.home.arpa", "app.localhost", "METADATA.GOOGLE.INTERNAL", "10.0.0.256", "1.2.3.4.5",
            "4294967297", "a.0x7f",
        ])
    func special(_ host: String) async throws {
        let proxy = try OtherProxy { _ in .bytes(OtherServer.reply("403 Forbidden")) }
        let problem = await failure(Self.client(proxy.port), "https://\(host)/")
        #expect(problem.contains("public internet") || problem.contains("not an https URL"), "\(problem)")
        #expect(proxy.requests.isEmpty)
    }

    @Test(
        "a tunnel is asked for with the port, and for an address in its usual notation",
        arguments: [
            ("keys.example.com", "keys.example.com:443"), ("KEYS.example.com:8443", "keys.example.com:8443"),
            ("93.184.215.14", "93.184.215.14:443"), ("0x5db8d70e", "93.184.215.14:443"),
            ("[2606:2800:21F:CB07:6820:80DA:AF6B:8B2C]:1", "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:1"),
        ])
    func targets(_ host: String, _ target: String) async throws {
        let proxy = try OtherProxy { _ in .bytes(OtherServer.reply("403 Forbidden")) }
        let problem = await failure(Self.client(proxy.port), "https://\(host)/path?query")
        #expect(problem.contains("status 403") && proxy.targets == [target], "\(problem) \(proxy.targets)")
    }

    @Test("requests to this machine and to exceptions go directly, and the network policy still applies to them")
    func direct() async throws {
        let server = try OtherServer { _ in OtherServer.reply("200 OK") }
        let proxy = try OtherProxy { _ in .bytes(OtherServer.reply("403 Forbidden")) }
        let client = Self.client(proxy.port, ["10.0.0.0/8", ".example.invalid", "one.invalid"])
        #expect(await failure(client, "http://127.0.0.1:\(server.port)/") == "answered 200")
        #expect(await failure(client, "http://localhost:\(server.port)/") == "answered 200")
        #expect(await failure(client, "https://10.1.2.3/").contains("not on the public internet"))
        for host in ["one.invalid", "a.example.invalid", "A.B.example.invalid"] {
            #expect(await failure(client, "https://\(host)/").contains("cannot be resolved"), "\(host)")
        }
        #expect(proxy.requests.isEmpty)
        for host in ["example.invalid", "a.one.invalid", "notexample.invalid"] {
            #expect(await failure(client, "https://\(host)/").contains("status 403"), "\(host)")
        }
    }

    @Test(
        "an exception that would cover nothing is refused",
        arguments: [
            "0x7f000001", "127.1", "2130706433", "example.com.", "*.example.com", ".", "..a", "[::1]", "10.0.0.0/33",
            "http://example.com", "example.com:443", "",
        ])
    func exceptions(_ text: String) {
        #expect(OutboundException(text) == nil)
    }

    @Test("plain HTTP goes to no proxy")
    func plain() async throws {
        let proxy = try OtherProxy { _ in .bytes(OtherServer.reply("200 OK")) }
        let problem = await failure(Self.client(proxy.port), "http://93.184.215.14/")
        #expect(problem.contains("must use https") && proxy.requests.isEmpty, "\(problem)")
    }

    @Test("variables of the environment name no proxy")
    func environment() async throws {
        try await Folder.with { folder in
            let proxy = try OtherProxy { _ in .bytes(OtherServer.reply("403 Forbidden")) }
            try folder.write("config.yaml", Keyed.configuration(""))
            let address = "http://127.0.0.1:\(proxy.port)"
            let program = try await Program.start(
                folder, environment: ["https_proxy": address, "HTTPS_PROXY": address, "ALL_PROXY": address])
            #expect(try Keyed().fetch(1, program) == 401)
            #expect(proxy.requests.isEmpty && program.stop() == 0)
        }
    }

    @Test("settings that change apply to the next request")
    func change() async throws {
        let proxies = try (0..<2).map { _ in try OtherProxy { _ in .bytes(OtherServer.reply("403 Forbidden")) } }
        let client = Self.client(proxies[0].port)
        _ = await failure(client)
        let other = OutboundProxy(host: "127.0.0.1", port: Int(proxies[1].port))
        let former = client.change(to: OutboundSettings(OutboundNetworks(), proxy: other))
        _ = await failure(client)
        client.change(to: former)
        _ = await failure(client)
        #expect(proxies.map(\.requests.count) == [2, 1])
    }
}
