// SPDX-License-Identifier: Apache-2.0

/// The result of a finished step, which the core adds to the authorization.
public struct StepResult: Sendable {
    /// The user, if the step has identified one.
    public var subject: Subject?
    /// The user's epoch when the proof was checked; nil for the current one.
    ///
    /// If the user has another epoch by now, the sign-in fails.
    public var epoch: Int64?
    /// The authentication methods that the step used (RFC 8176, `amr`).
    public var amr: [String]
    /// The authentication context class that the step reached.
    public var acr: String?
    /// The values that the step's plugin keeps with the authorization, under its id.
    public var attachments: [String: JSON]

    /// Makes a result.
    ///
    /// - Parameters:
    ///   - subject: The user, if the step has identified one.
    ///   - amr: The authentication methods that the step used (RFC 8176, `amr`).
    ///   - acr: The authentication context class that the step reached.
    ///   - attachments: The values that the step's plugin keeps with the authorization, under its id.
    public init(subject: Subject? = nil, amr: [String] = [], acr: String? = nil, attachments: [String: JSON] = [:]) {
        self.subject = subject
        self.amr = amr
        self.acr = acr
        self.attachments = attachments
    }

    /// Makes the result of a step that has just authenticated a user.
    ///
    /// - Parameters:
    ///   - user: The user.
    ///   - amr: The authentication methods that the step used (RFC 8176, `amr`).
    ///   - acr: The authentication context class that the step reached.
    public init(user: User, amr: [String], acr: String? = nil) {
        self.init(subject: .user(user.id), amr: amr, acr: acr)
        epoch = user.epoch
    }
}
