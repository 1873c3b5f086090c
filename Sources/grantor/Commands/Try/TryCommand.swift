// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import GrantKit
import OutsideText
import ServerConfiguration

struct TryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Walks through a grant against the running server.",
        discussion: """
            Shows each request as a line for the shell, sends it, and shows the answer. It knows no grant: what is sent \
            is what the loaded plugins declare, those of others too.

              grantor try client_credentials
              grantor try authorization_code --client web
              grantor try password --with username=ann --with password
              grantor try implicit --response-type 'id_token token'

            Where a person has to approve, it shows the address to open, and takes the answer at the client's redirect \
            URI if that is on this machine and its port is free. Otherwise paste the address that the browser was sent \
            to at the end.

            The lines hold the client's secret and the tokens: they are for your own terminal. Ends with the status 1 \
            if the server refuses.
            """)

    @Argument(help: "The grant, by any name that 'grant_types' of a client knows.")
    var grant: String

    @Option(help: "The id of a declared client. Without it the first one that may use the grant.")
    var client: String?

    @Option(
        name: .customLong("response-type"),
        help: "The words of 'response_type', such as 'code id_token'. Without it the grant's own word.")
    var responseType: String?

    @Option(
        help: """
            The scope to ask for, words parted by spaces. Without it all of the client's where a person approves, else \
            what the server gives whoever asks for none.
            """)
    var scope: String?

    @Option(
        name: .customLong("with"),
        help: ArgumentHelp(
            "A parameter to send; without a value the command asks for it, so that it stands in no history.",
            valueName: "name[=value]"))
    var given: [String] = []

    @Option(help: "The address of the server, in place of the issuer.")
    var server: String?

    @Flag(name: .customLong("print"), help: "Shows the requests and sends none.")
    var onlyPrints = false

    @OptionGroup var option: ConfigurationOption

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        defer { LogWriter.standardError.flush() }
        let composition = Composition.read(try ConfigurationFile(option.config))
        guard let generation = composition.generation, !composition.diagnostics.hasErrors else {
            composition.diagnostics.print()
            throw ExitCode(EX_CONFIG)
        }
        let choice = try GrantChoice(
            generation, composition.configuration.clients.compactMap { $0["id"]?.string }, grant: grant,
            responseType: responseType, client: client)
        let document = composition.configuration.clients.first { $0["id"]?.string == choice.client.id }
        let values = try ParameterValues(given, of: choice, generation, isPrinting: onlyPrints)
        var trial = GrantRun(
            configuration: composition.configuration, generation: generation, choice: choice, values: values,
            server: server ?? composition.configuration.issuer, scope: scope,
            secret: TryCommand.readable(document?["secret"]))
        try trial.run()
    }

    /// A secret that does not stand there as a hash.
    private static func readable(_ secret: JSON?) -> String? {
        (secret?.strings ?? []).first { !$0.raw.starts(with: "$s0$") }
    }
}
