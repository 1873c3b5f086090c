// SPDX-License-Identifier: Apache-2.0

/// A resource owner who is a person (RFC 6749 section 1.1).
public struct User: Sendable {
    /// The identifier, as `sub` carries it.
    public let id: String
    /// Whether the person may sign in and use what was granted.
    public let isActive: Bool
    /// The validated document: `id`, `userName`, `email`, `name`, `data` and so on, without any password.
    public let document: JSON
    /// Differs as soon as something ended all of the user's sessions and tokens: a changed password, being made inactive.
    ///
    /// It is compared for equality alone; what is granted captures it (`Authorization.epoch`).
    public let epoch: Int64

    /// For the host and for tests: a user.
    public init(id: String, isActive: Bool, document: JSON, epoch: Int64 = 0) {
        self.id = id
        self.isActive = isActive
        self.document = document
        self.epoch = epoch
    }

    /// What pages call the person: the name in the document or, for want of one, `userName`, `email` or the identifier.
    public var displayName: String {
        let name = document["name"]
        return name?.string ?? name?["formatted"]?.string ?? document["data"]?["name"]?.string
            ?? document["userName"]?.string ?? document["email"]?.string ?? id
    }
}
