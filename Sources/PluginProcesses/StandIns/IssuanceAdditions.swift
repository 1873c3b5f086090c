// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a process adds to a response.
struct IssuanceAdditions {
    let members: [JSON.Member]
    let writes: [StoreWrite]

    init(form: JSON) throws {
        members = try form["members"]?.formMembers() ?? []
        writes = try form.list("writes", StoreWrite.init(form:))
    }
}

extension Issuance {
    /// The parameters that the core adds to an authorization response after all others (RFC 6749 section 4.1.2, RFC
    /// 9207 section 2).
    ///
    /// Clients differ in which of two with the same name they use.
    private static let ofCore = ["state", "iss", "error", "error_description", "error_uri", "response"]

    /// Adds what a process adds.
    ///
    /// - Throws: `OAuthError` if the response has a member already; `IsolatedFailure` for one that only the core adds.
    mutating func add(_ added: IssuanceAdditions) throws {
        if case .authorization = answer, let member = added.members.first(where: { Self.ofCore.contains($0.name) }) {
            throw IsolatedFailure(description: "it adds the member '\(member.name)', which belongs to the server")
        }
        for member in added.members { try add(member.name, member.value) }
        for write in added.writes { alsoWrite(write) }
    }
}

extension JSON {
    /// The value of a member that is one of a few words; the first one if it is missing.
    func choice<Value>(_ name: String, _ words: [(word: String, value: Value)]) throws -> Value {
        let word = self[name].map { $0.string ?? "" } ?? words.first?.word
        guard let value = words.first(where: { $0.word == word })?.value else {
            throw FormError("'\(name)' must be \(words.map(\.word).joined(separator: " or "))")
        }
        return value
    }
}
