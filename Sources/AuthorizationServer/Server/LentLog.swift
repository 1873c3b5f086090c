// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import OutsideText
import Synchronization

/// The server's log as it is lent to one plugin, whose lines contain its id (decision 0051).
///
/// The lines in each second are counted, so that a plugin that logs in a loop does not fill the disk.
final class LentLog: LogService {
    /// The most lines in a second.
    static let most = 100
    /// The longest message and the longest value, in bytes.
    static let longest = 4096
    private static let longestName = 64
    /// The most values in a line.
    private static let mostValues = 32
    /// The names of values that the server sets itself.
    private static let own: Set<String> = ["time", "level", "message", "plugin", "request"]

    private struct Count {
        var second = Int64.min
        var lines = 0
        var dropped = 0
    }

    /// The id of the plugin.
    let plugin: String
    private let core: ServerCore
    private let count = Mutex(Count())

    init(_ core: ServerCore, to plugin: String) {
        self.core = core
        self.plugin = plugin
    }

    func write(
        _ level: LogLevel, _ message: @autoclosure () -> String,
        _ values: @autoclosure () -> KeyValuePairs<String, String>
    ) {
        let level = level.ofServer
        guard level >= core.logger.logLevel, takesLine() else { return }
        var metadata: Logger.Metadata = [:]
        for (name, value) in values().prefix(LentLog.mostValues) {
            metadata[LentLog.name(name)] = "\(LentLog.shown(value))"
        }
        metadata["plugin"] = "\(plugin)"
        if let request = RequestID.current { metadata["request"] = "\(request)" }
        core.logger.log(level: level, "\(LentLog.shown(message()))", metadata: metadata)
    }

    /// Logs a mistake of the plugin's author.
    ///
    /// The caller does that once for each kind of mistake.
    func report(_ message: String, _ mistake: PluginMistake) {
        core.logger.error("\(message)", metadata: ["plugin": "\(plugin)", "what": "\(mistake)"])
    }

    // MARK: the limit

    /// Counts a line, and logs when lines begin to be dropped and how many were.
    ///
    /// - Returns: Whether the line may be written.
    private func takesLine() -> Bool {
        let now = core.now.seconds
        let (isTaken, former, isFirstDropped) = count.withLock { count in
            var former = 0
            if count.second != now {
                former = count.dropped
                count = Count(second: now)
            }
            guard count.lines < LentLog.most else {
                count.dropped += 1
                return (false, former, count.dropped == 1)
            }
            count.lines += 1
            return (true, former, false)
        }
        if former > 0 {
            core.logger.warning(
                "log lines of a plugin were dropped", metadata: ["plugin": "\(plugin)", "count": "\(former)"])
        }
        if isFirstDropped {
            core.logger.warning(
                "a plugin writes too many log lines; more lines in this second are dropped",
                metadata: ["plugin": "\(plugin)", "most": "\(LentLog.most)"])
        }
        return isTaken
    }

    // MARK: hostile strings

    /// A string in one line and of limited length.
    private static func shown(_ text: String) -> String {
        guard text.utf8.count > longest else { return ShownText.onOneLine(text) }
        return ShownText.onOneLine(String(decoding: text.utf8.prefix(longest), as: UTF8.self)) + "..."
    }

    /// The name of a value, which cannot be taken for one of the server's.
    private static func name(_ name: String) -> String {
        let bytes = name.utf8.prefix(longestName).map { isAllowed($0) ? $0 : UInt8(ascii: "_") }
        let shown = String(decoding: bytes, as: UTF8.self)
        return shown.isEmpty || own.contains(shown) ? "_\(shown)" : shown
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

extension LogLevel {
    /// The level of the server's log.
    fileprivate var ofServer: Logger.Level {
        switch self {
        case .debug: .debug
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        @unknown default: .notice
        }
    }
}
