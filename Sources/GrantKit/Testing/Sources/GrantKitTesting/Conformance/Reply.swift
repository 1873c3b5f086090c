// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// How a request to an endpoint ended, as far as a rule can tell.
enum Reply: Sendable, CustomStringConvertible {
    case answered(TestAnswer)
    case refused(OAuthError)

    /// Sends a request.
    ///
    /// - Throws: `ConformanceFailure` for every end that a caller would see as a failure of the server.
    init(_ what: String, _ send: () async throws -> TestAnswer) async throws {
        switch try await Result(of: what, send) {
        case .success(let answer):
            try expect(
                answer.status < 500 || answer.status == 503,
                "\(what) is answered with the status \(answer.status): throw an OAuthError to refuse it")
            self = .answered(answer)
        case .failure(let error): self = .refused(error)
        }
    }

    var answer: TestAnswer? {
        if case .answered(let answer) = self { answer } else { nil }
    }

    /// Whether the server itself refused the caller, whose session or token has ended.
    var isForCaller: Bool {
        guard case .refused(let error) = self else { return false }
        return ["login_required", "invalid_token"].contains(error.code.rawValue)
    }

    /// What two replies to the same request have in common, whatever is random in them.
    var description: String {
        switch self {
        case .refused(let error): "refused with \(error.code.rawValue)"
        case .answered(let answer): "answered with \(answer.status) and \(Reply.sketch(answer.response.content))"
        }
    }

    private static func sketch(_ content: EndpointResponse.Content) -> String {
        switch content {
        case .none: return "no content"
        case .json(let json): return "JSON with \(json.members.map(\.name))"
        case .page(let page):
            let more = ["kind", "problem"].compactMap { page.values[$0]?.string }
            return "the page '\(([page.name] + more).joined(separator: " "))'"
        case .redirect: return "a redirect"
        case .interaction(let purpose, _): return "an interaction '\(purpose)'"
        case .file(_, mediaType: let type): return "a file of the type '\(type)'"
        @unknown default: return "other content"
        }
    }
}
