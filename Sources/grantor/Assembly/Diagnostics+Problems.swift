// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import OutsideText
import ServerConfiguration

extension Diagnostics {
    func report(_ problem: ConfigurationProblem, _ plugins: [LoadedPlugin]) {
        var path = problem.path.map { step in
            switch step {
            case .key(let name): PathStep.key(name)
            case .element(let number): PathStep.element(number)
            }
        }
        // The core counts loaded plugins, the file counts listed ones.
        if path.count == 2, path[0] == .key("plugins"), case .element(let number) = path[1] {
            path = plugins[number].entry.path
        }
        var (message, note): (String, String?) = (problem.message, nil)
        switch problem.note {
        case .text(let text): note = text
        case .plugin(let text, let role):
            note = SuggestedPlugins.id(for: role).map { "\(text), such as '\($0)'" } ?? text
        case .candidates(let name, let names):
            let shown = Suggestion.shown(name)
            if let (before, behind) = message.raw.cut(at: "'\(name)'") {
                message = "\(before.string)'\(shown.text)'\(behind.string)"
            }
            note = shown.note ?? Suggestion.note(for: name, among: names)
        case nil: break
        }
        report(
            problem.severity == .error ? .error : .warning, at: path, key: problem.isAtKey, message, note: note)
    }
}
