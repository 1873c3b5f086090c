// SPDX-License-Identifier: Apache-2.0

/// A user: a resource owner who can sign in (RFC 6749 section 1.1).
public struct User: Sendable {
    /// The identifier, which is also the `sub` claim.
    public let id: String
    /// Whether the user may sign in, and clients may use what was granted.
    public let isActive: Bool
    /// The validated document, with `id`, `userName`, `email`, `name`, `data` and so on, without the password.
    public let document: JSON
    /// The user's epoch, which changes whenever all of the user's sessions and tokens end, such as with a new password.
    ///
    /// Epochs can only be compared for equality. What is granted keeps the epoch (`Authorization.epoch`).
    public let epoch: Int64

    /// For the host and for tests: makes a user.
    public init(id: String, isActive: Bool, document: JSON, epoch: Int64 = 0) {
        self.id = id
        self.isActive = isActive
        self.document = document
        self.epoch = epoch
    }

    /// The user's name on pages: the name in the document, or else `userName`, `email` or the identifier.
    public var displayName: String {
        let name = document["name"]
        return name?.string ?? name?["formatted"]?.string ?? document["data"]?["name"]?.string
            ?? document["userName"]?.string ?? document["email"]?.string ?? id
    }
}
