// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Converts nodes to JSON values: types plain scalars and resolves `{ env: NAME }` and `{ file: path }`.
struct ValueReader {
    let references: ReferenceSources
    let diagnostics: Diagnostics

    /// The value of a node.
    func json(_ node: Node, at path: [PathStep]) -> JSON {
        switch node.content {
        case .scalar(let text, let isPlain):
            // The rules for passwords are checked where user documents are read.
            if Sensitive.isSecret(path), path.first != .key("users") { check(text, "this value", at: path) }
            return isPlain ? ValueReader.typed(text) : .string(text)
        case .sequence(let elements):
            return .array(elements.enumerated().map { json($1, at: path + [.element($0)]) })
        case .mapping(let entries):
            if entries.count == 1, let entry = entries.first, let text = referenced(entry, at: path) { return text }
            return .object(entries.map { .init($0.key, json($0.value, at: path + [.key($0.key)])) })
        }
    }

    /// The value of a node with its references as they are written.
    static func written(_ node: Node) -> JSON {
        switch node.content {
        case .scalar(let text, let isPlain): isPlain ? typed(text) : .string(text)
        case .sequence(let elements): .array(elements.map(written))
        case .mapping(let entries): .object(entries.map { .init($0.key, written($0.value)) })
        }
    }

    /// The value of a plain scalar by the core schema of YAML 1.2, with decimal numbers only.
    static func typed(_ text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": .null
        case "true", "True", "TRUE": .bool(true)
        case "false", "False", "FALSE": .bool(false)
        default:
            if let number = Int64(text) {
                .integer(number)
            } else if text.contains("."),
                text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D }),
                let number = Double(text)
            {
                .number(number)
            } else {
                .string(text)
            }
        }
    }

    private func referenced(_ entry: Node.Entry, at path: [PathStep]) -> JSON? {
        guard entry.key == "env" || entry.key == "file", case .scalar(let name, _) = entry.value.content else {
            return nil
        }
        let text = entry.key == "env" ? variable(name, at: path) : contents(name, at: path)
        guard let text else {
            diagnostics.leaveOut(path)
            return .null
        }
        if Sensitive.isSecret(path) {
            check(text, entry.key == "env" ? "the environment variable '\(name)'" : "the file '\(name)'", at: path)
        }
        // A number from the environment is a number, but a secret that looks like one stays a string.
        return Sensitive.isSecret(path) ? .string(text) : ValueReader.typed(text)
    }

    /// Reports invisible characters in a secret, without showing the secret.
    private func check(_ secret: String, _ source: String, at path: [PathStep]) {
        guard let oddity = SecretText.oddity(in: secret, mayHoldLines: Sensitive.mayHoldLines(path)) else { return }
        diagnostics.report(
            oddity.isError ? .error : .warning, at: path, "\(source) contains a secret with \(oddity.what)",
            note: oddity.isError ? oddity.remedy : "it is part of the secret; remove it unless you want that")
        if oddity.isError { diagnostics.leaveOut(path) }
    }

    private func variable(_ name: String, at path: [PathStep]) -> String? {
        if let text = references.environment(name) { return text }
        diagnostics.report(
            at: path, "the environment variable '\(name)' is not set", note: "set it before you start the server")
        return nil
    }

    private func contents(_ name: String, at path: [PathStep]) -> String? {
        do {
            guard var text = String(validating: try references.file(name), as: UTF8.self) else {
                diagnostics.report(at: path, "the file '\(name)' is not UTF-8 text")
                return nil
            }
            if path.first == .key("keys"), Sensitive.isSecret(path), let exposure = references.exposure(name) {
                diagnostics.report(.warning, at: path, exposure.message(name), note: exposure.note(name))
            }
            // Editors append a line end that is not part of the secret.
            if text.utf8.last == 0x0A {
                text = String(decoding: text.utf8.dropLast(text.utf8.suffix(2).first == 0x0D ? 2 : 1), as: UTF8.self)
            }
            return text
        } catch {
            diagnostics.report(at: path, "the file '\(name)' cannot be read: \(error)")
            return nil
        }
    }
}
