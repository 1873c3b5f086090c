// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The libraries of the plugins that a configuration lists, as `plugins.lock` records them.
public struct PluginLock: Sendable, Equatable {
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
        /// The file and the line where the entry begins, such as `plugins.lock:5`; empty if it was not read from a file.
        public let place: String

        /// Records a library.
        public init(id: String, version: String, kit: String, sha256: String) {
            self.init(id: id, version: version, kit: kit, sha256: sha256, place: "")
        }

        init(id: String, version: String, kit: String, sha256: String, place: String) {
            (self.id, self.version, self.kit, self.sha256, self.place) = (id, version, kit, sha256, place)
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

    /// The entry of a plugin; nil if there is none.
    public subscript(id: String) -> Entry? {
        entries.first { $0.id == id }
    }

    /// The content of the file.
    public var text: String {
        PluginLock.head + entries.map(PluginLock.text(of:)).joined()
    }

    private static let head = """
        # The libraries of the plugins that the configuration in this folder lists. With '--frozen', no others are loaded.
        # This file is written by 'grantor plugins lock'. Commit it together with the configuration.
        format = 1

        """

    private static func text(of entry: Entry) -> String {
        """

        [\(entry.id)]
        version = \(quoted(entry.version))
        kit = \(quoted(entry.kit))
        sha256 = \(quoted(entry.sha256))

        """
    }

    /// A string in quotes, with escapes for all characters that a terminal obeys or that reorder the line.
    private static func quoted(_ text: String) -> String {
        JSON.string(text).text.unicodeScalars.map { scalar -> String in
            guard !ShownText.isAllowed(String(scalar)) else { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
        }.joined()
    }
}
