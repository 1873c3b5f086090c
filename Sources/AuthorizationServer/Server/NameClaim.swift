// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// A name that only the core or one plugin can have.
struct NameClaim: Hashable, CustomStringConvertible {
    /// The kind of thing that has the name, with the word for messages.
    enum Kind: String {
        case collection, document, grant, job, metadata, page, path, purpose, step
        case authenticationMethod = "authentication method"
        case formField = "form field"
        case responseMember = "response member"
        case responseType = "response type"
        case tokenFormat = "token format"
        case tokenType = "token type"
        case trustedIssuer = "trusted issuer"
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

    // MARK: messages about a name that is taken

    /// Who has a name that a plugin adds, as the rest of a message.
    static func whose(_ owner: String, for id: String) -> String {
        if owner == "core" { return ", which belongs to the core" }
        return owner == id ? " twice" : ", which plugin '\(owner)' adds too"
    }

    /// What to do about a name that is taken.
    func remedy(for id: String, takenBy owner: String) -> String {
        switch kind {
        case .store: "load one of them"
        case .trustedIssuer: "list it once, in the settings of one plugin"
        case .path where owner == "core": "ask its author to choose another path"
        default: NameClaim.remedy(for: name, of: id, takenBy: owner)
        }
    }

    /// What to do about a name that is taken; a name that begins with the id of the plugin never is.
    static func remedy(for name: String, of id: String, takenBy owner: String) -> String {
        if owner == "core" {
            let free = "\(id.raw.replacing("-", with: "_"))_\(name)"
            return "ask its author to name it after the plugin, such as '\(free)'"
        }
        return owner == id
            ? "ask its author to remove or rename one of them"
            : "load one of them, or ask the author of one to choose another name"
    }
}
