// SPDX-License-Identifier: Apache-2.0

/// For the host: the token that an authorization was derived from, and what a grant may not change afterwards.
@_spi(Host)
public struct Derivation: Sendable {
    /// The identifier of the token.
    public let tokenID: String
    private let subject: Subject
    private let limits: AccessLimits
    private let grantID: String?
    private let sessionID: String?
    private let epoch: Int64?

    init(_ tokenID: String, _ derived: Authorization) {
        self.tokenID = tokenID
        subject = derived.subject
        limits = derived.limits
        (grantID, sessionID, epoch) = (derived.grantID, derived.sessionID, derived.epoch)
    }

    /// Whether an authorization still has the subject and the end of the token, and allows no more than was derived.
    public func isKept(in authorization: Authorization) -> Bool {
        authorization.subject == subject && authorization.grantID == grantID && authorization.sessionID == sessionID
            && authorization.epoch == epoch && authorization.confirmation == nil
            && authorization.limits.isWithin(limits)
    }
}
