// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import ServerHTTP
import Support
import Testing

@Suite("Requests to other servers cannot be misdirected", .timeLimit(.minutes(10)))
struct OutboundTests {
    private let client = OutboundClient(
        OutboundSettings(OutboundNetworks(loopback: true)), limit: .seconds(30), longest: 1000)

    private func failure(_ client: OutboundClient, _ url: String, limit: Duration? = nil) async -> String {
        var request = OutboundRequest("GET", url)
        request.limit = limit
        do {
            let reply = try await client.send(request)
            return "answered \(reply.status)"
        } catch {
            return "\(error)"
        }
    }

    @Test("a request arrives as it was sent, and the response is returned")
    func exchange() async throws {
        let server = try OtherServer { _ in OtherServer.reply("202 Accepted", "X-Kind: yes\r\n", body: "fine") }
        var request = OutboundRequest("POST", "http://127.0.0.1:\(server.port)/hook?a=b", body: Array("c=d".utf8))
        request.headers = [("content-type", "text/plain")]
        let reply = try await client.send(request)
        #expect(reply.status == 202 && reply.body == Array("fine".utf8))
        #expect(reply.headers.contains { $0 == ("x-kind", "yes") })
        let sent = try #require(server.requests.first)
        #expect(sent.hasPrefix("POST /hook?a=b HTTP/1.1\r\n") && sent.hasSuffix("\r\n\r\nc=d"))
        #expect(sent.lowercased().contains("content-type: text/plain"))
        #expect(sent.contains("host: 127.0.0.1:\(server.port)\r\n") && sent.contains("content-length: 3\r\n"))
    }

    @Test(
        "the path is sent as written",
        arguments: ["/", "//a//b", "/a%2Fb?c=%26&d", "?x=1", ""])
    func paths(_ path: String) async throws {
        let server = try OtherServer { _ in OtherServer.reply("200 OK") }
        #expect(try await client.send(OutboundRequest("GET", "http://127.0.0.1:\(server.port)\(path)")).status == 200)
        let line = try #require(server.requests.first).prefix { $0 != "\r\n" }
        #expect(line == "GET \(path.hasPrefix("/") ? "" : "/")\(path) HTTP/1.1")
    }

    @Test("a chunked body is read completely, and interim responses are skipped")
    func chunks() async throws {
        let server = try OtherServer { _ in
            Array(
                """
                HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n
                """.utf8)
        }
        let reply = try await client.send(OutboundRequest("GET", "http://127.0.0.1:\(server.port)/"))
        #expect(reply.status == 200 && reply.body == Array("abcde".utf8))
    }

    @Test(
        "a truncated or invalid response is an error",
        arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "HTTP/1.1 200 OK\r\n", "no HTTP\r\n\r\n"])
    func broken(_ answer: String) async throws {
        let server = try OtherServer { _ in Array(answer.utf8) }
        let problem = await failure(client, "http://127.0.0.1:\(server.port)/")
        #expect(problem.contains("did not respond") || problem.contains("its response was complete"), "\(problem)")
    }

    @Test("endless header fields are not read")
    func headers() async throws {
        let server = try OtherServer { _ in
            Array("HTTP/1.1 200 OK\r\n".utf8) + Array(String(repeating: "X-A: b\r\n", count: 1_000_000).utf8)
        }
        #expect(await failure(client, "http://127.0.0.1:\(server.port)/").contains("did not respond"))
    }

    @Test("a header field with a line break is not sent")
    func injection() async throws {
        let server = try OtherServer { _ in OtherServer.reply("200 OK") }
        var request = OutboundRequest("GET", "http://127.0.0.1:\(server.port)/")
        request.headers = [("x-a", "b\r\nx-c: d")]
        await #expect(throws: OutboundError.self) { try await client.send(request) }
        #expect(server.requests.allSatisfy { $0.isEmpty })
    }

    @Test("a redirect is a response and is not followed")
    func redirect() async throws {
        let other = try OtherServer { _ in OtherServer.reply("200 OK") }
        let server = try OtherServer { [port = other.port] _ in
            OtherServer.reply("302 Found", "Location: http://127.0.0.1:\(port)/\r\n")
        }
        #expect(try await client.send(OutboundRequest("GET", "http://127.0.0.1:\(server.port)/")).status == 302)
        #expect(other.requests.isEmpty)
    }

    @Test("a server that sends nothing, or only a part, is abandoned after the limit")
    func hanging() async throws {
        let silent = try OtherServer { _ in nil }
        let hasty = OutboundClient(OutboundSettings(OutboundNetworks(loopback: true)), limit: .seconds(1))
        #expect(await failure(hasty, "http://127.0.0.1:\(silent.port)/").contains("within 1 seconds"))
        // A request can only shorten the limit.
        for (own, limit) in [(Duration.seconds(1), Duration.seconds(600)), (.seconds(600), .seconds(1))] {
            let client = OutboundClient(OutboundSettings(OutboundNetworks(loopback: true)), limit: limit)
            let message = await failure(client, "http://127.0.0.1:\(silent.port)/", limit: own)
            #expect(message.contains("within 1 seconds"))
        }
        // No time is left after a calculation of the plugin, and whatever it came to, nothing traps.
        for own in [Duration.zero, .seconds(-1), .seconds(Int64.min)] {
            let message = await failure(hasty, "http://127.0.0.1:\(silent.port)/", limit: own)
            #expect(!message.hasPrefix("answered"), "\(message)")
        }
    }

    @Test("a response larger than the limit is not read", arguments: [true, false])
    func tooMuch(_ says: Bool) async throws {
        let body = String(repeating: "x", count: 100_000)
        let server = try OtherServer { _ in
            says
                ? OtherServer.reply("200 OK", body: body)
                : Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\(body)".utf8)
        }
        let problem = await failure(client, "http://127.0.0.1:\(server.port)/")
        #expect(problem.contains("more than 1000 bytes"), "\(problem)")
    }

    @Test(
        "addresses outside the public internet are refused, however they are written",
        arguments: [
            "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]",
            "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
            "255.255.255.255", "198.18.0.1", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]",
            "[2002:a00:1::]", "[2001::1]", "[2001:db8::1]", "[ff02::1]", "[fec0::1]",
        ])
    func special(_ host: String) async throws {
        let strict = OutboundClient(OutboundSettings(OutboundNetworks()), limit: .seconds(2))
        for scheme in ["http", "https"] {
            let problem = await failure(strict, "\(scheme)://\(host)/")
            #expect(
                problem.contains("not on the public internet") || problem.contains("cannot be resolved")
                    || problem.contains("not an https URL"), "\(problem)")
        }
        #expect(!OutboundNetworks().allows(host.filter { !"[]".contains($0) }))
    }

    @Test(
        "addresses on the public internet and in configured networks are allowed",
        arguments: [
            ("93.184.215.14", true), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", true), ("10.1.2.3", true),
            ("10.2.0.1", false),
        ])
    func listed(_ address: String, _ isAllowed: Bool) throws {
        let networks = OutboundNetworks(allowed: [try #require(AddressRange("10.1.0.0/16"))])
        #expect(networks.allows(address) == isAllowed)
    }

    @Test(
        "http is used only to this machine, and only if the server is for this machine only",
        arguments: [
            "http://10.1.2.3/", "ftp://127.0.0.1/", "http://user:pass@127.0.0.1/", "http://127.0.0.1/#x",
            "//127.0.0.1/", "x", "https://a%0d%0ab.example/", "https://a%2fb.example/",
        ])
    func schemes(_ url: String) async throws {
        let networks = OutboundNetworks(allowed: [try #require(AddressRange("10.0.0.0/8"))], loopback: true)
        let problem = await failure(OutboundClient(OutboundSettings(networks), limit: .seconds(2)), url)
        #expect(problem.contains("https"), "\(problem)")
    }

    @Test("a host with more characters than a name can have is refused without a connection")
    func longHost() async throws {
        let host = String(repeating: "a.", count: 126) + "bc"
        #expect(await failure(client, "https://\(host)/").contains("its host has more than 253 characters"))
    }

    @Test(
        "over https the certificate must be trusted and valid for the name or address",
        arguments: [("DNS:localhost", "localhost", "127.0.0.1"), ("IP:127.0.0.1", "127.0.0.1", "localhost")])
    func certificates(_ name: String, _ right: String, _ wrong: String) async throws {
        try await Folder.with { folder in
            let made = try Command.shell(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test "
                    + "-addext subjectAltName=\(name) -keyout key.pem -out cert.pem", in: folder)
            #expect(made.status == 0, "\(made.errors)")
            try folder.write(
                "config.yaml",
                Configurations.yaml(listen: "{ port: 0, tls: { certificate: cert.pem, key: key.pem } }"))
            let program = try await Program.start(folder)
            defer { program.stop() }
            let networks = OutboundNetworks(loopback: true)
            let authorities = try TrustedAuthorities(
                file: "\(folder.path)/cert.pem", now: Int(Date().timeIntervalSince1970))
            let trusting = OutboundClient(
                OutboundSettings(networks, authorities: authorities), limit: .seconds(30))
            let path = "\(program.port)/.well-known/oauth-authorization-server"
            #expect(try await trusting.send(OutboundRequest("GET", "https://\(right):\(path)")).status == 200)
            // The connection leads to the address of the certificate, but the URL does not have it.
            let other = await failure(trusting, "https://\(wrong):\(path)")
            #expect(other.contains("the certificate is not for '\(wrong)'"), "\(other)")
            let usual = OutboundClient(OutboundSettings(networks), limit: .seconds(30))
            #expect(await failure(usual, "https://\(right):\(path)").contains("did not respond"))
        }
    }
}
