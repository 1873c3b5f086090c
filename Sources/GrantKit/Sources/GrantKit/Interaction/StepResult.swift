// SPDX-License-Identifier: Apache-2.0

/// What a finished step adds to the authorization.
public struct StepResult: Sendable {
    /// Who the person is, if the step found out.
    public var subject: Subject?
    /// The user's epoch when the proof was checked, nil for that of now; what has ended since ends the sign-in too.
    public var epoch: Int64?
    /// The methods that proved it (RFC 8176).
    public var amr: [String]
    /// The authentication context class that was reached.
    public var acr: String?
    /// What the step's plugin keeps with the authorization, under its id.
    public var attachments: [String: JSON]

    /// Makes a result.
    public init(subject: Subject? = nil, amr: [String] = [], acr: String? = nil, attachments: [String: JSON] = [:]) {
        self.subject = subject
        self.amr = amr
        self.acr = acr
        self.attachments = attachments
    }

    /// Found out who the person is, by a proof that was just checked.
    ///
    /// - Parameters:
    ///   - user: The person.
    ///   - amr: The methods that proved it (RFC 8176).
    ///   - acr: The authentication context class that was reached.
    public init(user: User, amr: [String], acr: String? = nil) {
        self.init(subject: .user(user.id), amr: amr, acr: acr)
        epoch = user.epoch
    }
}
