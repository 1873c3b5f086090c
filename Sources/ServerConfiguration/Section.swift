// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A mapping that is read key by key; keys that are never read are unknown.
struct Section {
    let members: JSON
    let path: [PathStep]
    let label: String
    let diagnostics: Diagnostics
    private(set) var asked: [String] = []

    init(_ members: JSON, at path: [PathStep], label: String, _ diagnostics: Diagnostics) {
        self.members = members
        self.path = path
        self.label = label
        self.diagnostics = diagnostics
        switch members {
        case .object, .null: break
        default: diagnostics.report(at: path, "\(label) must be a mapping from keys to values")
        }
    }

    mutating func value(_ key: String) -> JSON? {
        asked.append(key)
        guard let value = members[key], value != .null else { return nil }
        return value
    }

    mutating func read<Value: SettingValue>(_ key: String, as type: Value.Type = Value.self) -> Value? {
        guard let json = value(key) else { return nil }
        // A number without a unit is refused as a duration, since the unit is easily mistaken.
        if let value = Value(setting: json), Value.self != Duration.self || json.integer == nil { return value }
        diagnostics.report(at: path + [.key(key)], "'\(key)' must be \(Value.expectation)")
        return nil
    }

    mutating func read<Value: SettingValue & Comparable>(_ key: String, in bounds: ClosedRange<Value>) -> Value? {
        guard let value: Value = read(key) else { return nil }
        if bounds.contains(value) { return value }
        let words = [bounds.lowerBound.setting, bounds.upperBound.setting].map { $0.string ?? $0.text }
        diagnostics.report(at: path + [.key(key)], "'\(key)' must be from \(words[0]) to \(words[1])")
        return nil
    }

    mutating func section(_ key: String, label: String) -> Section {
        Section(value(key) ?? .null, at: path + [.key(key)], label: label, diagnostics)
    }

    func report(_ key: String, _ message: String, note: String? = nil) {
        diagnostics.report(at: path + [.key(key)], message, note: note)
    }

    /// Reports the keys that were never read.
    func finish() {
        for member in members.members where !asked.contains(member.name) {
            let shown = Sensitive.shown(member.name)
            diagnostics.report(
                at: path + [.key(member.name)], key: true, "unknown key '\(shown.text)' in \(label)",
                note: shown.note ?? Suggestion.note(for: member.name, among: asked))
        }
    }
}
