// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Logging
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
        let values = fields.map { " \($0.key)=\(LogOutput.flat("\($0.value)"))" }.joined()
        return "\(LogOutput.time()) \(event.level.rawValue) \(LogOutput.flat("\(event.message)"))\(values)\n"
    }

    private func json(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        let always = [("time", LogOutput.time()), ("level", event.level.rawValue), ("message", "\(event.message)")]
        let members = always + fields.map { ($0.key, "\($0.value)") }
        return JSON.object(members.map { .init($0.0, .string($0.1)) }).text + "\n"
    }

    /// Replaces line breaks and control characters, so that text sent by a client cannot forge a log line.
    private static func flat(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { breaks($0) ? " " : $0 }))
    }

    /// Whether a terminal or a log reader may treat a character as a line end or a control command.
    private static func breaks(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value || 0x2028...0x2029 ~= scalar.value
    }

    /// The current time in UTC (RFC 3339).
    private static func time() -> String {
        Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
