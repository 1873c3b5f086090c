// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// One plugin's section of the file, as the plugin reads it.
public final class PluginSettings: SettingsSource {
    private struct State {
        var asked: [SettingDeclaration] = []
        var attributes: [AttributeDeclaration] = []
        var problems: [(key: String, message: String)] = []
    }

    private let members: JSON
    private let isRecording: Bool
    private let state = Mutex(State())

    /// Reads from a mapping, or records only what is asked for if there is none.
    public init(_ members: JSON?) {
        self.members = members ?? [:]
        isRecording = members == nil
    }

    /// The value of a setting, or nil if the configuration has none.
    public func value(of declaration: SettingDeclaration) -> JSON? {
        state.withLock { $0.asked.append(declaration) }
        if isRecording { return declaration.fallback == nil ? declaration.example : nil }
        return members[declaration.key].flatMap { $0 == .null ? nil : $0 }
    }

    /// Takes down what is wrong with a value.
    public func report(_ problem: String, at key: String) {
        state.withLock { $0.problems.append((key, problem)) }
    }

    /// Takes down an attribute of clients that the plugin reads.
    public func declare(_ attribute: AttributeDeclaration) {
        state.withLock { $0.attributes.append(attribute) }
    }

    /// What was asked for, in the order of asking.
    public var declarations: [SettingDeclaration] { state.withLock { $0.asked } }

    /// The attributes of clients that the plugin reads.
    public var attributes: [AttributeDeclaration] { state.withLock { $0.attributes } }

    /// Reports bad values and unknown keys at their places.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - path: Where its settings stand.
    ///   - diagnostics: Takes the reports.
    public func finish(_ id: String, at path: [PathStep], _ diagnostics: Diagnostics) {
        let state = self.state.withLock { $0 }
        for problem in state.problems { diagnostics.report(at: path + [.key(problem.key)], problem.message) }
        let known = state.asked.map(\.key)
        for member in members.members where !known.contains(member.name) {
            let shown = Sensitive.shown(member.name)
            diagnostics.report(
                at: path + [.key(member.name)], key: true, "unknown setting '\(shown.text)' of plugin '\(id)'",
                note: shown.note ?? Suggestion.note(for: member.name, among: known) ?? "it has no settings")
        }
    }
}
