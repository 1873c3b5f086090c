// SPDX-License-Identifier: Apache-2.0

/// What an operator has to permit for some host calls, by a word in `may` of the plugin's entry.
package enum HostPermission: String, CaseIterable, Comparable, Sendable {
    /// Checks and changes passwords, and reads and changes the documents of users.
    case users
    /// Reads, creates, changes and removes the documents of clients.
    case clients
    /// Signs, seals and opens with the server's keys.
    case keys
    /// Looks up and revokes tokens of every client.
    case tokens
    /// Looks up sessions and consents, and ends consents.
    case sessions

    package static func < (left: HostPermission, right: HostPermission) -> Bool {
        left.rawValue < right.rawValue
    }
}
