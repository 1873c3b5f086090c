// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Glibc
@_spi(Host) import GrantKit
import Logging
import PluginLoading
import PluginProcesses
import ServerConfiguration

extension PluginLoader {
    /// Loads a plugin that runs in processes of its own, or keeps it if nothing about it has changed.
    ///
    /// No code of the plugin runs in this process, so a reload can replace it.
    func isolate(_ entry: Configuration.PluginEntry) -> LoadedPlugin? {
        do {
            let code = try checkedCode(of: entry)
            let files = code.files.map { PluginFile($0) }
            if var running = former.first(where: { $0.entry.id == entry.id }), running.entry.process == entry.process,
                running.entry.settings == entry.settings, running.entry.sha256 == entry.sha256, running.code == code,
                running.file == PluginFile(code.path), running.files == files
            {
                running.entry = entry
                return running
            }
            return try describe(entry, code, files)
        } catch let error as PluginLoadingError {
            diagnostics.report(at: entry.path, error.message, note: error.note)
        } catch let error as LockDifferences {
            for found in error.all { diagnostics.report(at: entry.path, found.message, note: found.note) }
        } catch let error as PluginStartError where error.refusesIsolation {
            let note = entry.process?.command.isEmpty == true ? "remove 'isolation'" : nil
            diagnostics.report(at: entry.path, "plugin '\(entry.id)' cannot be isolated: \(error)", note: note)
        } catch {
            diagnostics.report(at: entry.path, "plugin '\(entry.id)' cannot be isolated: \(error)")
        }
        return nil
    }

    private func checkedCode(of entry: Configuration.PluginEntry) throws -> CheckedCode {
        let code = try IsolatedCode.checked(entry, search)
        try code.check(pinned: entry.sha256, locked: freeze.entry(of: entry.id), Digest.sha256)
        return code
    }

    /// Warns if the processes would be root's, and refuses a user that the server cannot give them.
    private func checkUser(of entry: Configuration.PluginEntry) {
        let isRoot = geteuid() == 0
        guard let user = entry.process?.user else {
            guard isRoot else { return warnAboutMemory(entry) }
            return diagnostics.report(
                .warning, at: entry.path,
                "the processes of the plugin '\(entry.id)' run as root, and can read its files",
                note: "add 'user' with the name of a user that owns nothing")
        }
        guard !isRoot else { return }
        diagnostics.report(
            at: entry.path + [.key("user")], "only root can run the plugin '\(entry.id)' as the user '\(user)'",
            note: "remove 'user', or start the server as root")
    }

    /// Warns if the processes could read the memory of a server that has no rights over theirs.
    private func warnAboutMemory(_ entry: Configuration.PluginEntry) {
        guard !KernelSupport.keepsProcessesApart else { return }
        diagnostics.report(
            .warning, at: entry.path,
            "the processes of the plugin '\(entry.id)' could read the server's memory: this kernel has no Landlock",
            note: "trust the plugin as much as a library, or use a kernel with Landlock (Linux 5.13 or newer)")
    }

    /// Whether the words of `may` are known.
    private func areKnown(_ entry: Configuration.PluginEntry) -> Bool {
        let known = HostPermission.allCases.sorted().map(\.rawValue)
        let wrong = (entry.process?.may ?? []).filter { !known.contains($0) }
        for word in wrong {
            diagnostics.report(
                at: entry.path + [.key("may")], "'may' has no word '\(word)'",
                note: "the words are \(known.joined(separator: ", "))")
        }
        return wrong.isEmpty
    }

    /// Whether the operator permits every host call of a description that needs it.
    private func areCallsPermitted(
        by entry: Configuration.PluginEntry, _ calls: Set<String>, _ permitted: Set<HostPermission>
    ) -> Bool {
        let missing = HostCalls.missing(for: calls, permitted: permitted)
        guard !missing.isEmpty else { return true }
        let words = (permitted.map(\.rawValue) + missing.map(\.permission.rawValue)).sorted().joined(separator: ", ")
        diagnostics.report(
            at: entry.path,
            "the plugin '\(entry.id)' makes host calls that its entry does not permit: "
                + missing.flatMap(\.calls).joined(separator: ", "),
            note: "write 'may: [\(words)]' if you trust the plugin with that, or remove the plugin")
        return false
    }

    /// Asks the plugin's program for its description unless that is known, and registers what it describes.
    private func describe(
        _ entry: Configuration.PluginEntry, _ code: CheckedCode, _ files: [PluginFile]
    ) throws -> LoadedPlugin? {
        checkUser(of: entry)
        guard areKnown(entry) else { return nil }
        let program = try IsolatedCode.program(entry, code, server)
        let question = DescriptionQuestion(program)
        if let known = known.description(of: entry.id, code, question) {
            guard areCallsPermitted(by: entry, known.hostCalls, program.permissions) else { return nil }
            return try register(entry, known, code, files: files) { description, _ in DescribedPlugin(description) }
        }
        let description = try PluginDescription(form: try PluginDescriber.describe(program), of: entry.id)
        try description.checkIsolation()
        try checkLocked(description, question, of: entry)
        guard areCallsPermitted(by: entry, description.hostCalls, program.permissions) else { return nil }
        let admission = CodeAdmission(entry, code, locked: freeze.entry(of: entry.id), search)
        return try register(entry, description, code, files: files) { description, host in
            PluginProcesses(program, description, host, Logger(label: "grantor"), admit: admission.check)
        }
    }
}

/// The code of an isolated plugin, and the program that runs it.
enum IsolatedCode {
    /// The code of an entry, checked as far as possible before any of it runs.
    ///
    /// - Throws: `PluginLoadingError`.
    static func checked(_ entry: Configuration.PluginEntry, _ search: PluginSearch) throws -> CheckedCode {
        guard let process = entry.process, !process.command.isEmpty else {
            return try CheckedCode.library(entry.id, library: entry.library, search: search)
        }
        return try CheckedCode.program(
            process.command, files: process.files, version: "process \(PluginProgram.version)")
    }

    /// The program that runs the code: the plugin's command, or this program, which loads the library.
    static func program(
        _ entry: Configuration.PluginEntry, _ code: CheckedCode, _ server: ServerFacts
    ) throws -> PluginProgram {
        let process = entry.process ?? Configuration.PluginProcess()
        var limits = ProcessLimits()
        if let call = process.call { limits.call = call }
        if let memory = process.memory { limits.memory = memory }
        if let instances = process.instances { limits.instances = instances }
        limits.user = try process.user.map(user)
        let own = [Installation.program, "plugin-host", entry.id, code.path]
        return PluginProgram(
            plugin: entry.id, arguments: process.command.isEmpty ? own : process.command, settings: entry.settings,
            server: server, limits: limits,
            permissions: Set(process.may.compactMap(HostPermission.init(rawValue:))))
    }

    /// The numbers of a user and of the user's group.
    private static func user(_ name: String) throws -> ProcessUser {
        // Safe: the entry is read before the next call, and configurations are read on one thread.
        guard let entry = unsafe getpwnam(name) else { throw PluginStartError("there is no user '\(name)'") }
        guard unsafe entry.pointee.pw_uid != 0 else { throw PluginStartError("'user' must not be root") }
        return unsafe ProcessUser(user: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
    }
}

extension PluginDescription {
    /// Has the settings and attributes known, and reports values that are not valid.
    func declare(to source: PluginSettings) {
        for setting in settings {
            let value = source.value(of: setting.declaration)
            if let problem = setting.problem(with: value) { source.report(problem, at: setting.declaration.key) }
        }
        for problem in problems { source.report(problem.message, at: problem.key) }
        for attribute in attributes { source.declare(attribute) }
    }
}
