// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText
import ServerConfiguration

/// Settings of a plugin from the command line.
struct SettingWords: Sendable {
    private static let placeholder = "{folder}"
    /// What the placeholder is while a value is read, since YAML would take its braces for a mapping.
    private static let mark = "/folder-of-a-rule"

    private let given: JSON

    /// Reads words such as `limit=2`, with values as in a configuration.
    ///
    /// - Throws: `Failure` for a word without a value.
    init(_ words: [String]) throws {
        var given: JSON = [:]
        for word in words {
            guard let (key, value) = word.raw.cut(at: "="), !key.isEmpty else {
                throw Failure("'--setting \(ShownText.onOneLine(word))' has no value; write it as 'key=value'")
            }
            guard given[key.string] == nil else {
                throw Failure("'--setting \(ShownText.onOneLine(key.string))' is given twice; remove one")
            }
            let text = SettingWords.replace(SettingWords.placeholder, in: value.string, by: SettingWords.mark)
            given[key.string] = WrittenValue.of(text)
        }
        self.given = given
    }

    /// The settings with a folder in the place of each `{folder}`.
    func settings(in folder: String) -> JSON {
        SettingWords.filled(given, folder)
    }

    private static func filled(_ value: JSON, _ folder: String) -> JSON {
        switch value {
        case .string(let text): .string(replace(mark, in: text, by: folder))
        case .array(let elements): .array(elements.map { filled($0, folder) })
        case .object(let members): .object(members.map { JSON.Member($0.name, filled($0.value, folder)) })
        default: value
        }
    }

    private static func replace(_ part: String, in text: String, by other: String) -> String {
        var (done, rest) = ("", text.raw)
        while let (before, behind) = rest.cut(at: part) {
            done += before.string + other
            rest = behind
        }
        return done + rest.string
    }
}
