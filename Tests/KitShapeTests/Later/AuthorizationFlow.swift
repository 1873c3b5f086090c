// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// How far the parameters of an authorization response may travel; the strictest of several flows wins.
enum Delivery: Int, Sendable {
    case query
    case fragment
}

/// When a part of an answer is made: what vouches for other members is made after them.
enum Stage: Int, Sendable {
    case credential
    case assertion
}

/// Serves one word of `response_type` (RFC 6749 section 3.1.1).
///
/// It is given its request next to the issuance, so it has no use for the case that `Issuance.Answer` gains: that case
/// is for response extensions, which run at both endpoints. The enum isn't frozen, so it may gain one.
protocol AuthorizationFlow: Sendable {
    var word: String { get }
    /// The grant whose client attributes govern what comes of it.
    var grant: GrantDeclaration { get }
    /// The words beside which it may stand; one of the two has to name the other.
    var combinesWith: Set<String> { get }
    var delivery: Delivery { get }
    var stage: Stage { get }
    var parameters: [ParameterDeclaration] { get }
    func validate(_ request: AuthorizationRequest) throws
    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws
}

extension AuthorizationFlow {
    var combinesWith: Set<String> { [] }
    var stage: Stage { .credential }
    var parameters: [ParameterDeclaration] { [] }
    func validate(_ request: AuthorizationRequest) throws {}
}

/// Stands for the requirement `stage` that `ResponseExtension` gains, with `.credential` as its default.
protocol StagedExtension: ResponseExtension {
    var stage: Stage { get }
}
