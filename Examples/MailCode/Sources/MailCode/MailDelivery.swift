// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Sends mails through a gateway that takes them over HTTP, as mail providers do.
struct MailDelivery: JobHandler {
    static let name = "mail-code"

    let codes: SentCodes
    let gateway: WebAddress
    let secret: Secret?
    let sender: String
    let name: String = MailDelivery.name

    func run(_ payload: JSON) async throws {
        guard let mail = try await codes.mail(of: payload) else { throw JobAbandoned("the mail cannot be opened") }
        // While the gateway was down, the user may have asked for another code.
        guard try await codes.isWanted(mail) else {
            return codes.host.log.notice("a mail was not sent, because its code is no longer valid")
        }
        let reply = try await codes.host.outbound.send(request(mail))
        switch reply.status {
        case 200..<300: return
        case 401, 403, 408, 429, 500...:
            throw OutboundError("the mail gateway responded with the status \(reply.status)")
        default: throw JobAbandoned("the mail gateway refused a mail with the status \(reply.status)")
        }
    }

    private func request(_ mail: Mail) -> OutboundRequest {
        let body: JSON = [
            "from": .string(sender), "to": .string(mail.recipient), "subject": .string(mail.subject),
            "text": .string(mail.text(issuer: codes.host.issuer)),
        ]
        var request = OutboundRequest("POST", gateway.text, body: body.bytes)
        request.headers = [("content-type", "application/json")]
        if let secret { request.headers.append(("authorization", "Bearer \(secret.exposed)")) }
        return request
    }
}
