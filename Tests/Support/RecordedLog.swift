// SPDX-License-Identifier: Apache-2.0

public import Logging
import Synchronization

/// A log handler that keeps every line.
public final class RecordedLog: LogHandler {
    private let recorded = Mutex<[String]>([])

    public init() {}

    public var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    public var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    public func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        recorded.withLock { $0.append("\(event.level) \(event.message) \(fields)") }
    }

    public var lines: [String] { recorded.withLock { $0 } }
}
