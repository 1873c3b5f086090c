// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

extension StoredUser {
    package static func draft(
        _ document: JSON, sent: JSON, over former: StoredUser?, in directory: StoredUsers
    ) async throws -> DocumentDraft<StoredUser> {
        var reader = UserDocument(document, at: [], passwords: directory.passwords)
        reader.claims = directory.generation.capabilities.claims
        _ = reader.check()
        if let refusal = DocumentRefusal(reader.problems) { throw refusal }
        var draft = DocumentDraft(StoredUser(reader.withoutPassword), reader.problems)
        if let password = document["password"]?.string {
            draft.document.password = try await directory.passwords.kept(password)
        } else if sent["password"] == nil {
            draft.document.password = former?.password
        }
        return draft
    }

    package static func declared(_ id: String, in generation: Generation) -> JSON? {
        generation.users[id]?.document
    }

    package static func declared(in generation: Generation) -> [DirectoryEntry] {
        generation.users.all.values.map { DirectoryEntry(id: $0.id, document: $0.document, version: nil) }
    }

    package func endsGrants(since former: StoredUser) -> Bool {
        former.isActive && !isActive || password != former.password
    }
}
