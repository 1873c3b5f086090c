// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Reads `plugins.lock`: each line is empty, a comment, the head of an entry, or a key with a string.
struct PluginLockParser {
    /// What to do about a file that is not a lock.
    static let remedy =
        "restore the file, or remove it and run 'grantor plugins lock' after you have checked the libraries"
    private static let keys = ["version", "kit", "sha256", "input"]

    /// The file's name in messages.
    private let name: String
    private var line = 0
    private var hasFormat = false
    private var current: Draft?
    private var entries: [PluginLock.Entry] = []
    /// The line of each entry so far.
    private var lines: [String: Int] = [:]

    /// An entry whose keys are being read.
    private struct Draft {
        let id: String
        let line: Int
        var values: [String: String] = [:]
        var description: JSON?
    }

    init(name: String) {
        self.name = name
    }

    /// Reads a whole file.
    ///
    /// - Throws: `PluginLoadingError` with the line that is wrong.
    mutating func read(_ bytes: [UInt8]) throws -> [PluginLock.Entry] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PluginLoadingError("\(name) is not UTF-8", note: PluginLockParser.remedy)
        }
        for part in text.raw.split(at: "\n", keepingEmpty: true) {
            line += 1
            // Git may have given the file the line endings of Windows.
            try read((part.ends(with: "\r") ? part.dropLast() : part).trimmed())
        }
        try finish()
        guard hasFormat else { throw wrong("the file has no 'format = 1'") }
        return entries
    }

    private mutating func read(_ text: RawText) throws {
        if text.isEmpty || text.starts(with: "#") { return }
        if !hasFormat { return try readFormat(text) }
        if text.starts(with: "[") { return try begin(text) }
        guard let (key, value) = text.cut(at: "=") else { throw wrong("neither a key with a value nor '[id]'") }
        try take(key.trimmed().string, value)
    }

    private mutating func readFormat(_ text: RawText) throws {
        guard let (key, value) = text.cut(at: "="), key.trimmed() == "format" else {
            throw wrong("'format = 1' must be the first line that is not a comment")
        }
        guard value.trimmed() == "1" || value.trimmed() == "2" else {
            throw PluginLoadingError(
                "\(name):\(line): this server only knows 'format = 1' and 'format = 2'",
                note: "use the version of the server that wrote the file, or a later one")
        }
        hasFormat = true
    }

    private mutating func begin(_ text: RawText) throws {
        try finish()
        let id = text.dropFirst().dropLast()
        let isID = id.bytes.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x2D }
        guard text.ends(with: "]"), isID, !id.isEmpty else {
            throw wrong("'[' must be followed by the id of a plugin and ']'")
        }
        if let other = lines[id.string] { throw wrong("the plugin '\(id.string)' is in line \(other) too") }
        lines[id.string] = line
        current = Draft(id: id.string, line: line)
    }

    private mutating func take(_ key: String, _ value: RawText) throws {
        guard key != "description" else { return try takeDescription(value) }
        guard PluginLockParser.keys.contains(key) else {
            throw wrong("unknown key; an entry has 'version', 'kit', 'sha256', 'input' and 'description'")
        }
        guard let draft = current else { throw wrong("'\(key)' must follow the '[id]' of a plugin") }
        guard draft.values[key] == nil else { throw wrong("'\(key)' is set twice") }
        guard case .string(let text)? = try? JSON(parsing: value.bytes) else {
            throw wrong("'\(key)' must be a string in double quotes")
        }
        guard !["sha256", "input"].contains(key) || PluginLockParser.isDigest(text) else {
            throw wrong("'\(key)' must be 64 hexadecimal digits in lower case")
        }
        current?.values[key] = text
    }

    private mutating func takeDescription(_ value: RawText) throws {
        guard let draft = current else { throw wrong("'description' must follow the '[id]' of a plugin") }
        guard draft.description == nil else { throw wrong("'description' is set twice") }
        guard let form = try? JSON(parsing: value.bytes), case .object = form else {
            throw wrong("'description' must be a JSON object")
        }
        current?.description = form
    }

    private static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
    }

    /// Adds the entry that was being read, once its last line was.
    private mutating func finish() throws {
        guard let draft = current else { return }
        let place = "\(name):\(draft.line)"
        guard let version = draft.values["version"], let kit = draft.values["kit"], let sha256 = draft.values["sha256"]
        else {
            throw PluginLoadingError(
                "\(place): the plugin '\(draft.id)' needs 'version', 'kit' and 'sha256'", note: PluginLockParser.remedy)
        }
        guard (draft.values["input"] == nil) == (draft.description == nil) else {
            throw PluginLoadingError(
                "\(place): the plugin '\(draft.id)' needs both 'input' and 'description', or none of them",
                note: PluginLockParser.remedy)
        }
        let description = draft.description.map { form in
            PluginLock.Description(input: draft.values["input"] ?? "", form: form)
        }
        entries.append(
            PluginLock.Entry(
                id: draft.id, version: version, kit: kit, sha256: sha256, description: description, place: place))
        current = nil
    }

    private func wrong(_ what: String) -> PluginLoadingError {
        PluginLoadingError("\(name):\(line): \(what)", note: PluginLockParser.remedy)
    }
}
