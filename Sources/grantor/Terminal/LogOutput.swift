// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Logging
import OutsideText
import Synchronization

/// Writes log lines to standard error: readable ones on a terminal, JSON otherwise.
struct LogOutput: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let isHuman: Bool

    init(level: String, format: String) {
        logLevel = Logger.Level(rawValue: level) ?? .info
        isHuman = LogOutput.isHuman(format)
    }

    /// Whether lines are written for people rather than as JSON, by `log.format` of the configuration.
    static func isHuman(_ format: String) -> Bool {
        format == "human" || format == "auto" && isatty(2) == 1
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        LogWriter.standardError.write(isHuman ? human(event, fields) : json(event, fields))
    }

    private func human(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        let values = fields.map { " \($0.key)=\($0.value)" }.joined()
        // A string that a client has sent must not forge a line or control the terminal.
        return ShownText.onOneLine("\(LogOutput.time()) \(event.level.rawValue) \(event.message)\(values)") + "\n"
    }

    private func json(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        let always = [("time", LogOutput.time()), ("level", event.level.rawValue), ("message", "\(event.message)")]
        let members = always + fields.map { ($0.key, "\($0.value)") }
        return JSON.object(members.map { .init($0.0, .string($0.1)) }).text + "\n"
    }

    /// The current time in UTC (RFC 3339).
    private static func time() -> String {
        Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
