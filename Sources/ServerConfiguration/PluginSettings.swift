// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// The settings of one plugin, and a record of which settings and attributes the plugin declares.
public final class PluginSettings: SettingsSource {
    private struct State {
        var asked: [SettingDeclaration] = []
        var attributes: [AttributeDeclaration] = []
        var problems: [(key: String, message: String)] = []
        /// Mistakes of the plugin itself, independent of the file.
        var mistakes: [String] = []
    }

    private let members: JSON
    private let isRecording: Bool
    private let state = Mutex(State())

    /// Reads settings from a mapping; without one, only records what the plugin declares.
    public init(_ members: JSON?) {
        self.members = members ?? [:]
        isRecording = members == nil
    }

    /// The value of a setting; nil if the configuration does not set it.
    public func value(of declaration: SettingDeclaration) -> JSON? {
        state.withLock { state in
            if let mistake = PluginSettings.mistake(in: declaration, after: state.asked) {
                state.mistakes.append(mistake)
            }
            state.asked.append(declaration)
        }
        if isRecording { return declaration.fallback == nil ? declaration.example : nil }
        return members[declaration.key].flatMap { $0 == .null ? nil : $0 }
    }

    /// Records a problem with a value, to be reported by ``finish(_:at:_:)``.
    public func report(_ problem: String, at key: String) {
        state.withLock { $0.problems.append((key, problem)) }
    }

    /// Records an attribute of clients that the plugin reads.
    public func declare(_ attribute: AttributeDeclaration) {
        state.withLock { state in
            if PluginSettings.reserved.contains(attribute.name) {
                state.mistakes.append(
                    "it declares the client attribute '\(attribute.name)', \(PluginSettings.meaning)")
            }
            state.attributes.append(attribute)
        }
    }

    /// The names reserved for references: a mapping with only one of these keys refers to a value outside of the file.
    private static let reserved = ["env", "file"]
    private static let meaning = "a name reserved for references to other values: '{ env: NAME }' and '{ file: path }'"

    private static func mistake(in declaration: SettingDeclaration, after asked: [SettingDeclaration]) -> String? {
        if reserved.contains(declaration.key) { return "it reads the setting '\(declaration.key)', \(meaning)" }
        guard let former = asked.first(where: { $0.key == declaration.key }) else { return nil }
        if former.expectation != declaration.expectation {
            return
                "it reads the setting '\(declaration.key)' twice, as \(former.expectation) and as \(declaration.expectation)"
        }
        let isSame = former.fallback == declaration.fallback && former.bounds == declaration.bounds
        return isSame ? nil : "it reads the setting '\(declaration.key)' twice, with different defaults or bounds"
    }

    /// Whether a problem with the value of a setting was already recorded.
    public func hasProblem(at key: String) -> Bool {
        state.withLock { $0.problems.contains { $0.key == key } }
    }

    /// The settings that the plugin reads, in the order in which it read them.
    public var declarations: [SettingDeclaration] { state.withLock { $0.asked } }

    /// The attributes of clients that the plugin reads.
    public var attributes: [AttributeDeclaration] { state.withLock { $0.attributes } }

    /// Reports invalid values and unknown keys at their places.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - path: The path of the plugin's settings in the file.
    ///   - diagnostics: Receives the problems.
    public func finish(_ id: String, at path: [PathStep], _ diagnostics: Diagnostics) {
        let state = self.state.withLock { $0 }
        for mistake in state.mistakes {
            diagnostics.report(
                at: Array(path.dropLast()), "plugin '\(id)' cannot be used: \(mistake)",
                note: "this is a mistake in the plugin; tell its author")
        }
        for problem in state.problems { diagnostics.report(at: path + [.key(problem.key)], problem.message) }
        let known = state.asked.map(\.key)
        for member in members.members where !known.contains(member.name) {
            let shown = Sensitive.shown(member.name)
            diagnostics.report(
                at: path + [.key(member.name)], key: true, "unknown setting '\(shown.text)' of plugin '\(id)'",
                note: shown.note ?? Suggestion.note(for: member.name, among: known) ?? "the plugin has no settings")
        }
    }
}
