// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import OutsideText

/// The libraries of the plugins that a configuration lists, as `plugins.lock` records them.
public struct PluginLock: Sendable, Equatable {
    /// What a plugin says about itself, so that commands need not run it to know.
    public struct Description: Sendable, Equatable {
        /// The SHA-256 digest of what the plugin was asked, in hexadecimal.
        public let input: String
        /// The description, as the plugin protocol has it.
        public let form: JSON

        /// Records a description.
        public init(input: String, form: JSON) {
            (self.input, self.form) = (input, form)
        }
    }

    /// The library of one plugin.
    public struct Entry: Sendable, Equatable {
        /// The plugin's id.
        public let id: String
        /// The plugin's own version, from its manifest.
        public let version: String
        /// The version of the kit that the library was built with.
        public let kit: String
        /// The SHA-256 digest of the library in hexadecimal.
        public let sha256: String
        /// What the plugin says about itself; nil if that is not recorded.
        public let description: Description?
        /// The file and the line where the entry begins, such as `plugins.lock:5`; empty if it was not read from a file.
        public let place: String

        /// Records a library.
        public init(id: String, version: String, kit: String, sha256: String, description: Description? = nil) {
            self.init(id: id, version: version, kit: kit, sha256: sha256, description: description, place: "")
        }

        init(
            id: String, version: String, kit: String, sha256: String, description: Description? = nil, place: String
        ) {
            (self.id, self.version, self.kit, self.sha256, self.place) = (id, version, kit, sha256, place)
            self.description = description
        }

        /// Whether two entries record the same library, wherever they were read.
        public static func == (left: Entry, right: Entry) -> Bool {
            left.id == right.id && left.version == right.version && left.kit == right.kit
                && left.sha256 == right.sha256
        }
    }

    /// The entries, sorted by id.
    public let entries: [Entry]

    /// Makes a lock; each id occurs once.
    public init(_ entries: [Entry]) {
        self.entries = entries.sorted { $0.id < $1.id }
    }

    /// Reads the content of a file.
    ///
    /// - Parameters:
    ///   - bytes: The content.
    ///   - name: The file's name in messages.
    /// - Throws: `PluginLoadingError` with the line that is wrong.
    public init(parsing bytes: [UInt8], name: String) throws {
        var parser = PluginLockParser(name: name)
        self.init(try parser.read(bytes))
    }

    /// The same libraries without what the plugins say about themselves.
    var withoutDescriptions: PluginLock {
        PluginLock(entries.map { .init(id: $0.id, version: $0.version, kit: $0.kit, sha256: $0.sha256) })
    }

    /// The entry of a plugin; nil if there is none.
    public subscript(id: String) -> Entry? {
        entries.first { $0.id == id }
    }

    /// The content of the file.
    public var text: String {
        let format = entries.contains { $0.description != nil } ? 2 : 1
        return PluginLock.head + "format = \(format)\n" + entries.map(PluginLock.text(of:)).joined()
    }

    private static let head = """
        # The libraries of the plugins that the configuration in this folder lists. With '--frozen', no others are loaded.
        # This file is written by 'grantor plugins lock'. Commit it together with the configuration.

        """

    private static func text(of entry: Entry) -> String {
        """

        [\(entry.id)]
        version = \(quoted(entry.version))
        kit = \(quoted(entry.kit))
        sha256 = \(quoted(entry.sha256))

        """ + (entry.description.map(text) ?? "")
    }

    private static func text(of description: Description) -> String {
        """
        input = \(quoted(description.input))
        description = \(escaped(description.form.text))

        """
    }

    private static func quoted(_ text: String) -> String { escaped(JSON.string(text).text) }

    /// JSON with escapes for all characters that a terminal obeys or that reorder the line.
    private static func escaped(_ json: String) -> String {
        json.unicodeScalars.map { scalar -> String in
            guard !ShownText.isAllowed(String(scalar)) else { return String(scalar) }
            return String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
            }.joined()
        }.joined()
    }
}
