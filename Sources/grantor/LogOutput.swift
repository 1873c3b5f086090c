// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Logging

/// Writes log lines to standard error: for people on a terminal, as JSON for everything else.
struct LogOutput: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let isHuman: Bool

    init(level: String, format: String) {
        logLevel = Logger.Level(rawValue: level) ?? .info
        isHuman = format == "human" || format == "auto" && isatty(2) == 1
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let line = isHuman ? human(event, fields) : json(event, fields)
        // One write a line, so that lines of several threads do not mix.
        FileHandle.standardError.write(Data(line.utf8))
    }

    private func human(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        let values = fields.map { " \($0.key)=\(LogOutput.flat("\($0.value)"))" }.joined()
        return "\(LogOutput.time()) \(event.level.rawValue) \(LogOutput.flat("\(event.message)"))\(values)\n"
    }

    private func json(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        var members: [(String, String)] = [
            ("time", LogOutput.time()), ("level", event.level.rawValue), ("message", "\(event.message)"),
        ]
        members += fields.map { ($0.key, "\($0.value)") }
        return "{" + members.map { "\(LogOutput.quoted($0.0)):\(LogOutput.quoted($0.1))" }.joined(separator: ",")
            + "}\n"
    }

    /// What a client sent must not be able to begin a line of its own.
    private static func flat(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) })
    }

    private static func quoted(_ text: String) -> String {
        JSON.string(text).text
    }

    private static func time() -> String {
        Date.now.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
    }
}
