// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The clients.
struct RemoteClients: ClientDirectory {
    let connection: HostConnection

    func find(_ id: String) async throws -> Client? {
        try await connection.ask("clients.find", ["id": .string(id)]).present(Client.init(form:))
    }

    var documents: any DocumentDirectory { RemoteDocuments(connection: connection, name: "clients") }
}

/// The users.
struct RemoteUsers: UserDirectory {
    let connection: HostConnection

    func find(_ id: String) async throws -> User? {
        try await connection.ask("users.find", ["id": .string(id)]).present(User.init(form:))
    }

    func find(issuer: String, subject: String) async throws -> User? {
        let input: JSON = ["issuer": .string(issuer), "subject": .string(subject)]
        return try await connection.ask("users.find", input).present(User.init(form:))
    }

    func verify(login: String, password: Secret, from address: String) async throws -> PasswordOutcome {
        let input: JSON = [
            "login": .string(login), "password": .string(password.exposed), "address": .string(address),
        ]
        return try PasswordOutcome(form: await connection.ask("users.verify", input))
    }

    func changePassword(
        of id: String, from current: Secret, to new: Secret, address: String
    ) async throws -> PasswordOutcome {
        let input: JSON = [
            "id": .string(id), "current": .string(current.exposed), "new": .string(new.exposed),
            "address": .string(address),
        ]
        return try PasswordOutcome(form: await connection.ask("users.change_password", input).unrefused())
    }

    var documents: any DocumentDirectory { RemoteDocuments(connection: connection, name: "users") }
}

/// The documents of clients or users.
private struct RemoteDocuments: DocumentDirectory {
    let connection: HostConnection
    let name: String

    func entry(_ id: String) async throws -> DirectoryEntry? {
        try await connection.ask("\(name).entry", ["id": .string(id)]).present(DirectoryEntry.init(form:))
    }

    /// Asks again for what did not fit into a reply.
    func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] {
        var (found, after, more): ([DirectoryEntry], String?, Bool) = ([], id, true)
        while more, found.count < limit {
            let input: JSON = [
                "after": after.map(JSON.string) ?? .null, "limit": .integer(Int64(limit - found.count)),
            ]
            let output = try await connection.ask("\(name).page", input)
            let entries = try output.list("documents", DirectoryEntry.init(form:))
            found += entries
            after = entries.last?.id ?? after
            more = output["more"]?.bool ?? false
        }
        return found
    }

    func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] {
        let input: JSON = ["member": .string(member), "value": .string(value)]
        return try await connection.ask("\(name).search", input).unrefused()
            .list("documents", DirectoryEntry.init(form:))
    }

    func create(_ document: JSON) async throws -> DirectoryChange {
        try DirectoryChange(form: await connection.ask("\(name).create", ["document": document]).unrefused())
    }

    func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange {
        let input: JSON = ["id": .string(id), "document": document, "if": condition.form]
        return try DirectoryChange(form: await connection.ask("\(name).replace", input).unrefused())
    }

    func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry {
        let input: JSON = ["id": .string(id), "if": condition.form]
        return try DirectoryEntry(form: await connection.ask("\(name).delete", input).unrefused())
    }
}

extension JSON {
    /// The value of an output that is null if there is none.
    func present<Value>(_ read: (JSON) throws -> Value) throws -> Value? {
        self == .null ? nil : try read(self)
    }

    /// An output that is a string.
    func text(of call: String) throws -> String {
        guard let string else { throw HostRefusal("the output of '\(call)' is not a string") }
        return string
    }

    /// The output of a change.
    ///
    /// - Throws: `DocumentRefusal`.
    fileprivate func unrefused() throws -> JSON {
        if let refusal = self["refusal"] { throw try DocumentRefusal(form: refusal) }
        return self
    }
}
