// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The part of an issuance that a plugin must leave as it is, because it may only add to an issuance.
///
/// A plugin gets the issuance by reference, so it could put another one in its place, with wider limits.
struct FixedIssuance {
    private let client: String
    private let subject: Subject
    private let granted: AccessLimits
    private let limits: AccessLimits
    private let members: Int
    private let writes: Int

    init(_ issuance: Issuance) {
        client = issuance.client.id
        subject = issuance.authorization.subject
        granted = issuance.authorization.limits
        limits = issuance.limits
        members = issuance.members.count
        writes = issuance.writes.count
    }

    /// Checks what a part of a plugin has made of the issuance.
    ///
    /// - Parameters:
    ///   - issuance: The issuance after the call.
    ///   - part: The part, for the log.
    ///   - owner: The collections of the plugin.
    ///   - declared: The members that the part may add; nil if it need not declare them.
    /// - Throws: `PluginMistake` if the issuance is another one, or for a member or a write that the plugin may not add.
    func check(
        _ issuance: Issuance, of part: @autoclosure () -> String, by owner: DeclaredCollections,
        adding declared: [String]? = nil
    ) throws {
        guard isKept(in: issuance) else {
            throw PluginMistake(
                "\(part()) of the plugin '\(owner.plugin)' replaced the issuance by another one; it must only add "
                    + "to the issuance that it gets, with add and alsoWrite",
                of: owner.plugin)
        }
        if let declared, let member = issuance.members.dropFirst(members).first(where: { !declared.contains($0.name) })
        {
            throw PluginMistake(
                "\(part()) of the plugin '\(owner.plugin)' adds '\(member.name)' to a response without declaring it; add "
                    + "it to its members, so that no other plugin adds it too",
                of: owner.plugin)
        }
        try owner.check(issuance.writes.dropFirst(writes), of: part())
    }

    private func isKept(in issuance: Issuance) -> Bool {
        issuance.client.id == client && issuance.authorization.subject == subject
            && issuance.authorization.limits == granted && issuance.limits == limits
            && issuance.members.count >= members && issuance.writes.count >= writes
    }
}
