// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The grant `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693 section 2).
///
/// All refusals of a subject token look the same to the client; the log has the reason.
struct ExchangeGrant: TokenGrant {
    static let key = "token_exchange"

    let declaration = GrantDeclaration(
        "urn:ietf:params:oauth:grant-type:token-exchange", key: ExchangeGrant.key, client: .confidential)
    let parameters = ExchangeRequest.parameters

    let own: OwnSubject
    let foreign: ForeignSubject

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let exchange = try ExchangeRequest(request)
        guard exchange.subjectType == .foreign else { return try await own.authorize(exchange) }
        return try await foreign.authorize(exchange)
    }
}
