// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Records events as lines of JSON, in a file or on standard output.
struct AuditLog: Plugin, EventSink {
    static let manifest = PluginManifest(
        id: "audit-log", summary: "records events as lines of JSON", specification: "")

    let isRequired: Bool
    private let output: any AuditOutput

    init(settings: Settings, host: any PluginHost) {
        let path = settings.read(
            "path", default: "-", "the file, whose folder is created if it is missing; '-' for standard output")
        let largest = settings.read(
            "max_size", default: 104_857_600, in: 0...(1 << 40),
            "the size in bytes at which the file is rotated; 0 never rotates it")
        let keep = settings.read(
            "keep", default: 10, in: 1...1000, "how many rotated files are kept")
        isRequired = settings.read(
            "required", default: false,
            "whether to refuse requests while events cannot be written, so that none is missed")
        output = path == "-" ? StandardOutput() : AuditFile(path: path, largest: largest, keep: Int(keep))
    }

    func register(in registry: inout Registry) {
        registry.add(eventSink: self)
        registry.refuseIsolation(
            because: "it creates, locks and renames files, or writes to the server's standard output")
    }

    func start() async throws {
        try output.open()
    }

    func stop() async {
        output.close()
    }

    /// Whether commands record events too; not on standard output, where they would mix with the command's output.
    var takesFromCommands: Bool { output is AuditFile }

    func write(_ events: [Event]) async throws {
        var lines: [UInt8] = []
        lines.reserveCapacity(events.count * 320)
        for event in events {
            lines += AuditLine.json(event).bytes
            lines.append(UInt8(ascii: "\n"))
        }
        try await output.write(lines)
    }
}

/// The destination of the lines.
protocol AuditOutput: Sendable {
    func open() throws
    func close()
    /// Writes all of the lines or, as far as possible, none.
    func write(_ lines: [UInt8]) async throws
}

/// The handshake that the server reads before it loads this library.
@c(audit_log_plugin_abi)
public func auditLogPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(audit_log_plugin_make)
public func auditLogPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(AuditLog.self)
}
