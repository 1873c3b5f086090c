// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Sends security event tokens to receivers (RFC 8935 section 2).
struct PushDelivery: JobHandler {
    let host: any PluginHost
    let receivers: [Receiver]
    let algorithm: String
    let name = "security-event"

    /// Sends the token of a job; every attempt has the same claims, so that a receiver can drop duplicates by `jti`.
    func run(_ payload: JSON) async throws {
        guard let url = payload["destination"]?.string, let claims = payload["claims"] else {
            throw JobAbandoned("the job has no destination or no claims")
        }
        guard let receiver = receivers.first(where: { $0.url.text == url }) else {
            throw JobAbandoned("the configuration no longer has the receiver \(Receiver.shown(url))")
        }
        try await send(claims, to: receiver)
    }

    /// Signs and sends a token.
    ///
    /// - Throws: `JobAbandoned` if the receiver never accepts this token; any other error if it may do so later.
    func send(_ claims: JSON, to receiver: Receiver) async throws {
        let token = try await host.keys.sign(claims, type: "secevent+jwt", algorithm: algorithm)
        var request = OutboundRequest("POST", receiver.url.text, body: Array(token.utf8))
        request.headers = [("content-type", "application/secevent+jwt"), ("accept", "application/json")]
        if let field = receiver.authorization { request.headers.append((field.name, field.value.exposed)) }
        request.limit = receiver.timeout
        try PushDelivery.check(try await host.outbound.send(request), of: receiver)
    }

    // MARK: the response

    /// The errors that can be corrected at the receiver, so that it accepts the same token later (section 2.4).
    private static let correctable = ["authentication_failed", "access_denied", "invalid_key"]

    private static func check(_ reply: OutboundReply, of receiver: Receiver) throws {
        // Section 2.2 allows only 202. 200 may be the page of a proxy, and then the event would be lost.
        guard reply.status != 202 else { return }
        guard reply.status == 400 else {
            throw OutboundError(
                "\(receiver.shown) responded with status \(reply.status), and not with 202 (RFC 8935 section 2.2)")
        }
        let code = errorCode(reply.body)
        let message = "\(receiver.shown) refused the token with the error '\(code ?? "none")'"
        if let code, correctable.contains(code) { throw OutboundError(message) }
        throw JobAbandoned(message)
    }

    /// The member `err` of a refusal (section 2.3), if it is a word that a log can show.
    private static func errorCode(_ body: [UInt8]) -> String? {
        guard let code = (try? JSON(parsing: body))?["err"]?.string, (1...64).contains(code.utf8.count),
            code.utf8.allSatisfy({ 0x61...0x7A ~= $0 || 0x41...0x5A ~= $0 || 0x30...0x39 ~= $0 || 0x5F == $0 })
        else { return nil }
        return code
    }
}
