// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Sends mail through a server (RFC 5321).
struct SMTP: Plugin, MessageCarrier {
    static let manifest = PluginManifest(id: "smtp", summary: "sends mail", specification: "RFC 5321")

    let channel = "mail"
    private let host: any LaterHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(later: self)
    }

    func carry(_ message: RenderedMessage) async throws {
        // A line break would begin a command or a header.
        guard !message.recipient.utf8.contains(where: { $0 < 0x21 }) else { throw OutboundError("a malformed address") }
        let connection = try await host.connections.connect(to: "mail.example.com", port: 587, startsTLS: true)
        for line in ["RCPT TO:<\(message.recipient)>", "DATA", "\(message.subject)\r\n\r\n\(message.body)\r\n."] {
            try await connection.send(Array("\(line)\r\n".utf8))
            guard try await connection.receive().starts(with: Array("250".utf8)) else {
                throw OutboundError("the mail server refused")
            }
        }
        await connection.close()
    }
}

/// Sends text messages through an HTTP service.
struct SMSGateway: Plugin, MessageCarrier {
    static let manifest = PluginManifest(id: "sms-gateway", summary: "sends text messages", specification: "")

    let channel = "sms"
    private let host: any LaterHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(later: self)
    }

    func carry(_ message: RenderedMessage) async throws {
        let body: JSON = ["to": .string(message.recipient), "body": .string(message.body)]
        let request = OutboundRequest("POST", "https://sms.example.com/send", body: body.bytes)
        guard try await host.outbound.send(request).status == 200 else { throw OutboundError("the service refused") }
    }
}
