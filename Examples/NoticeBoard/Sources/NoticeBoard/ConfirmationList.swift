// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Lists for a client who has confirmed a notice, page by page.
struct ConfirmationList: Endpoint {
    private static let most: Int64 = 100

    let confirmations: Confirmations
    /// The notice that is listed if a request names none.
    let notice: String
    let admission: Admission<Bearer>
    let route = Route(["GET"], "/notice/confirmations")
    let parameters = [
        ParameterDeclaration("notice", longest: 64), ParameterDeclaration("count", longest: 8),
        ParameterDeclaration("after", longest: 256),
    ]

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        let notice = request.parameters["notice"] ?? notice
        let count = try count(request.parameters["count"])
        // One more than is shown tells whether there is another page.
        let found = try await confirmations.list(notice, after: request.parameters["after"], limit: count + 1)
        let shown = found.prefix(count)
        var body: JSON = ["notice": .string(notice)]
        body["confirmations"] = .array(
            shown.map { ["user": .string($0.user), "time": .string($0.time.rfc3339)] })
        if found.count > count, let last = shown.last {
            body["next"] = .string(address(of: notice, count, after: last.user))
        }
        return EndpointResponse(body)
    }

    private func count(_ text: String?) throws -> Int {
        guard let text else { return 50 }
        guard let count = Int64(text), 1...ConfirmationList.most ~= count else {
            throw OAuthError(.invalidRequest, "'count' must be from 1 to \(ConfirmationList.most)")
        }
        return Int(count)
    }

    private func address(of notice: String, _ count: Int, after user: String) -> String {
        let query = "notice=\(notice.percentEncoded)&count=\(count)&after=\(user.percentEncoded)"
        return "\(confirmations.host.address(of: route))?\(query)"
    }
}
