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
    /// Adds what a process adds.
    ///
    /// - Throws: `OAuthError` if the response has a member already.
    mutating func add(_ added: IssuanceAdditions) throws {
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
