// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import Logging
import ServerConfiguration
import ServerHTTP

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Says what is wrong with a configuration.",
        discussion: """
            Loads the plugins and checks all of the file against them, without opening a port or a store. Ends with \
            the status 78 if the server would not start with it.
            """)

    @OptionGroup var option: ConfigurationOption

    func run() throws {
        defer { LogWriter.standardError.flush() }
        let file = try ConfigurationFile(option.config)
        let composition = Composition.read(file)
        let outside = OutsideFiles(composition.configuration, composition.diagnostics)
        if !composition.diagnostics.hasErrors, !outside.keys.isSealed {
            composition.diagnostics.report(
                .warning, at: [.key("keys")], key: true,
                "the server's keys, those of authentication codes too, will stand in the store as they are",
                note: "seal them: 'keys: { seal: { file: path } }', made with 'openssl rand -base64 32'")
        }
        composition.diagnostics.print()
        guard !composition.diagnostics.hasErrors else { throw ExitCode(EX_CONFIG) }
        let (plugins, clients) = (composition.plugins.count, composition.configuration.clients.count)
        print("\(file.name) is valid: \(counted(plugins, "plugin")), \(counted(clients, "client"))")
    }
}

private func counted(_ number: Int, _ what: String) -> String {
    "\(number) \(what)\(number == 1 ? "" : "s")"
}

extension Composition {
    /// Reads and checks a file for commands that run nothing.
    static func read(_ file: ConfigurationFile) -> Composition {
        let (configuration, diagnostics) = file.read()
        let secrets = Secrets()
        let core = ServerCore(
            issuer: configuration.issuer, environment: System(), cryptography: SystemCryptography(), secrets: secrets,
            passwords: secrets.passwords, pages: NoPages(), algorithms: SignatureAlgorithm.ownNames,
            logger: Logger(label: "grantor") { _ in SwiftLogNoOpLogHandler() })
        return Composition(
            configuration, diagnostics, host: core, secrets: secrets, passwords: secrets.passwords,
            pages: try? Pages(replacedBy: configuration.pagesFolder))
    }
}

extension Diagnostics {
    /// Prints to standard error, by the thread that logs: whoever reads it slowly must not hold requests back.
    func print() {
        if !text.isEmpty { LogWriter.standardError.write(text) }
    }

    /// Prints as a part of the log: who reads lines of JSON can read nothing else.
    func print(to logger: Logger, as format: String) {
        guard !LogOutput.isHuman(format) else { return self.print() }
        for problem in lines {
            var metadata: Logger.Metadata = ["file": "\(problem.file)"]
            if let line = problem.line { metadata["line"] = "\(line)" }
            if let column = problem.column { metadata["column"] = "\(column)" }
            if let note = problem.note { metadata["note"] = "\(note)" }
            logger.log(level: problem.severity == .error ? .error : .warning, "\(problem.message)", metadata: metadata)
        }
    }
}
