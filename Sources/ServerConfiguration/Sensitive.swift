// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Decides which keys have secret values, even if misspelled, and which lines must therefore not be quoted.
enum Sensitive {
    private static let words = ["secret", "password", "passphrase", "credential", "credentials", "signing"]

    /// Whether the value at a path is a secret.
    static func isSecret(_ path: [PathStep]) -> Bool {
        // An element of a list of secrets is a secret, so indexes are ignored.
        let keys = path.compactMap { if case .key(let key) = $0 { key } else { nil } }
        // The keys directly below 'auth' are names of grants.
        if keys.count >= 2, keys[keys.count - 2] == "auth" { return false }
        return keys.last.map(isKey) ?? false
    }

    /// Whether the secret at a path is a key, which may have several lines and white space around it.
    static func mayHoldLines(_ path: [PathStep]) -> Bool {
        let keys = path.compactMap { if case .key(let key) = $0 { key } else { nil } }
        return keys.last.map { parts(of: $0).contains(where: isWordOfKeys) } ?? false
    }

    private static func isWordOfKeys(_ part: String) -> Bool {
        part == "pem" || Suggestion.distance(Array(part), Array("seal")) <= 1
            || Suggestion.distance(Array(part), Array("signing")) <= 2
    }

    static func isKey(_ key: String) -> Bool {
        key != "secret_required" && parts(of: key).contains(where: isWord)
    }

    private static func isWord(_ part: String) -> Bool {
        if ["pass", "pwd", "pem", "pin"].contains(part) { return true }
        if Suggestion.distance(Array(part), Array("seal")) <= 1 { return true }
        return words.contains { word in
            Suggestion.distance(Array(part), Array(word)) <= (word == "password" ? 3 : 2)
        }
    }

    /// The words of a key in snake case, kebab case or camel case, up to a colon or an equals sign.
    private static func parts(of key: String) -> [String] {
        var parts = [""]
        for character in key.prefix(while: { $0 != ":" && $0 != "=" }) {
            if character == "_" || character == "-" {
                parts.append("")
            } else if character.isUppercase, parts.last?.last?.isLowercase ?? false {
                parts.append(character.lowercased())
            } else {
                parts[parts.count - 1] += character.lowercased()
            }
        }
        return parts
    }

    /// A key as messages may show it: if the space after the colon is missing, the secret has become part of the key.
    static func shown(_ key: String) -> (text: String, note: String?) {
        guard isKey(key), let end = key.firstIndex(where: { $0 == ":" || $0 == "=" }) else { return (key, nil) }
        return (String(key[...end]) + "...", "put a space after the '\(key[end])'")
    }

    /// A value as it was written, with its secrets hidden; a reference names the place of a value, which is no secret.
    static func masked(_ value: JSON, at path: [PathStep]) -> JSON {
        switch value {
        case .object(let members) where members.count == 1 && (value["env"] ?? value["file"])?.string != nil: value
        case _ where isSecret(path): hidden
        case .string(let text): holdsPassword(text) ? hidden : value
        case .array(let elements): .array(elements.map { masked($0, at: path) })
        case .object(let members):
            .object(members.map { .init($0.name, masked($0.value, at: path + [.key($0.name)])) })
        default: value
        }
    }

    private static let hidden: JSON = "(hidden)"

    static func lines(_ node: Node, at path: [PathStep] = []) -> Set<Int> {
        switch node.content {
        case .scalar: return []
        case .sequence(let elements):
            return elements.enumerated().reduce(into: []) { $0.formUnion(lines($1.1, at: path + [.element($1.0)])) }
        case .mapping(let entries):
            return entries.reduce(into: []) { lines, entry in
                let place = path + [.key(entry.key)]
                guard isSecret(place) else { return lines.formUnion(self.lines(entry.value, at: place)) }
                lines.formUnion(entry.keyStart.line...max(entry.keyStart.line, entry.value.lastLine))
                lines.formUnion(definitions(entry.value))
            }
        }
    }

    /// The lines to which the aliases in a secret value refer.
    private static func definitions(_ node: Node) -> Set<Int> {
        var lines = Set(node.definition.map(Array.init) ?? [])
        switch node.content {
        case .scalar: break
        case .sequence(let elements): for element in elements { lines.formUnion(definitions(element)) }
        case .mapping(let entries): for entry in entries { lines.formUnion(definitions(entry.value)) }
        }
        return lines
    }

    /// Whether a line contains a URL with user information or a parameter that is a password.
    ///
    /// A password with a slash should be encoded, and is a secret even if it is not.
    static func holdsPassword(_ line: String) -> Bool {
        line.contains(/:\/\/\S*(@|[?&](ssl)?password=)/)
    }
}
