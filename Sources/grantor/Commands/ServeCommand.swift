// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import GrantKit
import Logging
import ServerConfiguration
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the server.",
        discussion: """
            On SIGTERM, the server finishes the requests in progress and exits. On SIGHUP, it reloads clients, plugins \
            and certificates without interrupting requests; an invalid configuration changes nothing.
            """)

    @OptionGroup var option: ConfigurationOption

    @Flag(help: "Shows errors of plugins in responses and logs every detail. Only this machine may reach the server.")
    var development = false

    @Flag(help: "Loads only the libraries that 'plugins.lock' records; a reload holds to the same rule.")
    var frozen = false

    func run() async throws {
        // Ignored until the server can reload; the default would end the process.
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        CrashLine.protectThreads()
        defer { LogWriter.standardError.flush() }
        let file = try ConfigurationFile(option.config)
        let (configuration, diagnostics) = file.read()
        let level = development ? DevelopmentRule.logLevel(configuration.logLevel) : configuration.logLevel
        LoggingSystem.bootstrap { _ in LogOutput(level: level, format: configuration.logFormat) }
        let logger = Logger(label: "grantor")
        do {
            let server = RunningServer(
                file, configuration, isDevelopment: development, isFrozen: frozen, logger: logger)
            try await serve(server, configuration, diagnostics)
        } catch let failure as Failure where !LogOutput.isHuman(configuration.logFormat) {
            logger.critical("Error: \(failure.description)")
            throw ExitCode.failure
        }
    }

    private func serve(
        _ server: RunningServer, _ configuration: Configuration, _ diagnostics: Diagnostics
    ) async throws {
        do {
            guard try await server.open(configuration, diagnostics) else { throw ExitCode(EX_CONFIG) }
            try await server.run()
            await server.close()
        } catch {
            // Otherwise commands would wait until the server no longer counts as running.
            await server.close()
            switch error {
            case let error as StoreError: throw Failure(error.message)
            case let error as ConfigurationError: throw Failure(error.message)
            default: throw error
            }
        }
    }
}
