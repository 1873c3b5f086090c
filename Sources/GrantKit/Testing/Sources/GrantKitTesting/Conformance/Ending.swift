// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// How an interaction with a purpose ended.
enum Ending: Sendable, CustomStringConvertible {
    /// A page, and the number of writes that were committed.
    case shown(page: JSON, writes: Int)
    case refused(OAuthError)

    /// Presses a button.
    ///
    /// - Throws: `ConformanceFailure` for every end that a user would see as a failure of the server.
    init(_ what: String, _ press: () async throws -> TestDecision) async throws {
        switch try await Result(of: what, press) {
        case .success(let decision):
            let page: JSON = ["name": .string(decision.page.name), "values": decision.page.values]
            self = .shown(page: page, writes: decision.writes.count)
        case .failure(let error): self = .refused(error)
        }
    }

    var writes: Int {
        if case .shown(_, let writes) = self { writes } else { 0 }
    }

    var description: String {
        switch self {
        case .shown(let page, _):
            "answered with the page '\(page["name"]?.string ?? "") \(page["values"]?["kind"]?.string ?? "")'"
        case .refused(let error): "refused with \(error.code.rawValue)"
        }
    }
}
