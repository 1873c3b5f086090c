// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit
import OutsideText
import Synchronization

/// The settings of one plugin, and a record of which settings and attributes the plugin declares.
package final class PluginSettings: SettingsSource {
    private struct State {
        var asked: [SettingDeclaration] = []
        var attributes: [AttributeDeclaration] = []
        var problems: [(key: String, message: String)] = []
        /// Mistakes of the plugin itself, independent of the file.
        var mistakes: [String] = []
        var lists: [List] = []
    }

    /// A list of mappings: what each element is asked for, and the elements in the file.
    private struct List {
        let key: String
        let template: PluginSettings
        let elements: [PluginSettings]
    }

    private let members: JSON
    private let isRecording: Bool
    /// Where the settings are within those of the plugin, as messages write it in front of a key.
    private let place: String
    private let state = Mutex(State())

    /// Reads settings from a mapping; without one, only records what the plugin declares.
    package convenience init(_ members: JSON?) {
        self.init(members, at: "")
    }

    private init(_ members: JSON?, at place: String) {
        self.members = members ?? [:]
        isRecording = members == nil
        self.place = place
    }

    /// The value of a setting; nil if the configuration does not set it.
    package func value(of declaration: SettingDeclaration) -> JSON? {
        state.withLock { state in
            if let mistake = PluginSettings.mistake(in: declaration, after: state.asked) {
                state.mistakes.append(mistake)
            }
            state.asked.append(declaration)
        }
        if isRecording { return declaration.fallback == nil ? declaration.example : nil }
        return members[declaration.key].flatMap { $0 == .null ? nil : $0 }
    }

    /// Records a problem with a value, to be reported by ``finish(_:at:_:)``; the first one with a value counts.
    package func report(_ problem: String, at key: String) {
        state.withLock { state in
            guard !state.problems.contains(where: { $0.key == key }) else { return }
            state.problems.append((key, problem))
        }
    }

    /// The elements of a list of mappings, and a template that records what each of them is asked for.
    package func elements(
        of declaration: SettingDeclaration, atMost limit: Int
    ) -> (template: (any SettingsSource)?, elements: [any SettingsSource]) {
        let list = List(
            key: declaration.key, template: PluginSettings(nil),
            elements: value(of: declaration).map { mappings($0, of: declaration.key, limit) } ?? [])
        state.withLock { $0.lists.append(list) }
        return (list.template, list.elements)
    }

    /// Checks a list; if it has a problem, the plugin gets no elements, so that nothing else is reported about them.
    private func mappings(_ value: JSON, of key: String, _ limit: Int) -> [PluginSettings] {
        guard case .array(let all) = value else {
            report("'\(place)\(key)' must be a list of mappings", at: key)
            return []
        }
        guard all.count <= limit else {
            report("'\(place)\(key)' must have at most \(limit) elements, and has \(all.count)", at: key)
            return []
        }
        if let number = all.firstIndex(where: { element in if case .object = element { false } else { true } }) {
            report("'\(place)\(key)[\(number)]' must be a mapping", at: key)
            return []
        }
        return all.enumerated().map { PluginSettings($1, at: "\(place)\(key)[\($0)].") }
    }

    /// Records an attribute of clients that the plugin reads.
    package func declare(_ attribute: AttributeDeclaration) {
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
        // A description names the settings of the elements of a list behind the list, such as 'receivers[].secret'.
        let name = declaration.key.raw.cut(atLast: ".")?.behind.string ?? declaration.key
        if reserved.contains(name) { return "it reads the setting '\(declaration.key)', \(meaning)" }
        if declaration.isSecret, !Sensitive.isKey(name) {
            return "it reads a secret from the setting '\(declaration.key)', whose name does not say so: it must "
                + "contain a word such as 'secret' or 'password'"
        }
        guard let former = asked.first(where: { $0.key == declaration.key }) else { return nil }
        if former.expectation != declaration.expectation {
            return
                "it reads the setting '\(declaration.key)' twice, as \(former.expectation) and as \(declaration.expectation)"
        }
        let isSame = former.fallback == declaration.fallback && former.bounds == declaration.bounds
        return isSame ? nil : "it reads the setting '\(declaration.key)' twice, with different defaults or bounds"
    }

    /// The problems that were recorded, each with the key of its setting.
    package var problems: [(key: String, message: String)] { state.withLock { $0.problems } }

    /// Whether a problem with the value of a setting was already recorded.
    package func hasProblem(at key: String) -> Bool {
        state.withLock { $0.problems.contains { $0.key == key } }
    }

    /// The settings that the plugin reads, in the order in which it read them.
    package var declarations: [SettingDeclaration] {
        let state = self.state.withLock { $0 }
        return state.asked.flatMap { setting in
            let list = state.lists.first { $0.key == setting.key }
            return [setting] + (list?.template.declarations.map { $0.inElements(of: setting.key) } ?? [])
        }
    }

    /// The attributes of clients that the plugin reads.
    package var attributes: [AttributeDeclaration] { state.withLock { $0.attributes } }

    /// Reports invalid values and unknown keys at their places.
    ///
    /// - Parameters:
    ///   - id: The plugin's id.
    ///   - path: The path of the plugin's settings in the file.
    ///   - diagnostics: Receives the problems.
    package func finish(_ id: String, at path: [PathStep], _ diagnostics: Diagnostics) {
        for mistake in mistakes {
            diagnostics.report(
                at: Array(path.dropLast()), "plugin '\(id)' cannot be used: \(mistake)",
                note: "this is a mistake in the plugin; tell its author")
        }
        reportValues(id, at: path, diagnostics)
    }

    private var mistakes: [String] {
        let state = self.state.withLock { $0 }
        return state.mistakes + state.lists.flatMap(\.template.mistakes)
    }

    private func reportValues(_ id: String, at path: [PathStep], _ diagnostics: Diagnostics) {
        let state = self.state.withLock { $0 }
        for problem in state.problems {
            diagnostics.report(at: problem.key.isEmpty ? path : path + [.key(problem.key)], problem.message)
        }
        let known = state.asked.map(\.key)
        for member in members.members where !known.contains(member.name) {
            let shown = Sensitive.shown(member.name)
            diagnostics.report(
                at: path + [.key(member.name)], key: true,
                "unknown setting '\(place)\(shown.text)' of plugin '\(id)'",
                note: shown.note ?? Suggestion.note(for: member.name, among: known) ?? "the plugin has no settings")
        }
        for list in state.lists {
            for (number, element) in list.elements.enumerated() {
                element.reportValues(id, at: path + [.key(list.key), .element(number)], diagnostics)
            }
        }
    }
}
