// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Reads the keys of a plugin's entry that are about processes of its own.
enum PluginProcessSection {
    /// Reads the keys, and reports those that do not fit together.
    ///
    /// - Returns: The processes, nil if the plugin runs in the server's process, and whether nothing was wrong.
    static func read(_ section: inout Section) -> (process: Configuration.PluginProcess?, isValid: Bool) {
        let isolation: String? = section.read("isolation")
        let command: [String]? = section.read("command")
        let files: [String]? = section.read("files")
        let user: String? = section.read("user")
        let may: [String]? = section.read("may")
        var limits = section.section("limits", label: "'limits'")
        var process = Configuration.PluginProcess()
        (process.command, process.files) = (command ?? [], files ?? [])
        (process.user, process.may) = (user, may ?? [])
        process.call = limits.read("call", in: Duration.seconds(1)...(.seconds(60)))
        process.memory = memory(&limits)
        process.instances = limits.read("instances", in: Int64(1)...64).map { Int($0) }
        limits.finish()
        if let isolation, isolation != "process" {
            section.report(
                "isolation", "'isolation' must be process", note: "leave it out to run in the server's process")
            return (nil, false)
        }
        guard isolation != nil || section.members["command"] != nil else {
            let wrong = ["files", "limits", "user", "may"].filter { section.members[$0] != nil }
            for key in wrong {
                section.report(
                    key, "'\(key)' is only for a plugin in a process of its own", note: "add 'isolation: process'")
            }
            return (nil, wrong.isEmpty)
        }
        let problems = problems(of: process, section.members)
        for problem in problems { section.report(problem.key, problem.message, note: problem.note) }
        return (process, problems.isEmpty)
    }

    private static func problems(
        of process: Configuration.PluginProcess, _ members: JSON
    ) -> [(key: String, message: String, note: String?)] {
        var all: [(key: String, message: String, note: String?)] = []
        if members["command"] != nil, members["library"] != nil {
            all.append(("library", "a plugin has a 'library' or a 'command', not both", "remove one"))
        }
        if members["command"] != nil, process.command.first?.hasPrefix("/") != true {
            let note = "no shell and no search path is used; write [/usr/bin/python3, -Bs, /opt/plugins/grant.py]"
            all.append(("command", "'command' must begin with the absolute path of a program", note))
        }
        if members["command"] == nil, !process.files.isEmpty {
            all.append(("files", "'files' are those of a 'command'", "remove it; a library is one file"))
        } else if process.files.contains(where: { !$0.hasPrefix("/") }) {
            all.append(("files", "'files' must be absolute paths", nil))
        }
        for (key, note) in [("deadline", "write limits: { call: 2s }"), ("on_event_loop", "remove it")]
        where members[key] != nil {
            all.append((key, "'\(key)' is not for a plugin in a process of its own", note))
        }
        return all
    }

    /// The memory of a process: a number of bytes with the unit KiB, MiB or GiB.
    private static func memory(_ limits: inout Section) -> Int64? {
        guard let text: String = limits.read("memory") else { return nil }
        for (unit, factor) in [("KiB", Int64(1) << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)] where text.hasSuffix(unit) {
            guard let number = Int64(text.utf8.dropLast(3).map { String(UnicodeScalar($0)) }.joined()),
                case (let bytes, false) = number.multipliedReportingOverflow(by: factor),
                (16 << 20)...(Int64(64) << 30) ~= bytes
            else { break }
            return bytes
        }
        limits.report(
            "memory", "'memory' must be from 16MiB to 64GiB", note: "write a number with a unit, such as 256MiB")
        return nil
    }
}
