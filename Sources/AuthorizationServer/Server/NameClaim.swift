// SPDX-License-Identifier: Apache-2.0

/// A name that only the core or one plugin can have.
struct NameClaim: Hashable, CustomStringConvertible {
    /// The kind of thing that has the name, with the word for messages.
    enum Kind: String {
        case collection, document, grant, job, metadata, page, path, purpose, step
        case formField = "form field"
        case responseMember = "response member"
        case responseType = "response type"
        case tokenFormat = "token format"
        case store = "server's store"
    }

    let kind: Kind
    let name: String

    init(_ kind: Kind, _ name: String = "") {
        self.kind = kind
        self.name = name
    }

    var description: String {
        name.isEmpty ? "the \(kind.rawValue)" : "the \(kind.rawValue) '\(name)'"
    }
}
