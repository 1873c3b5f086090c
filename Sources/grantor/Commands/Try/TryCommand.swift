// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import GrantKit
import OutsideText
import ServerConfiguration

struct TryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Runs a grant step by step against the running server.",
        discussion: """
            Shows each request as a curl command, sends it, and shows the response. The loaded plugins declare what is \
            sent, so this works for third-party grants too.

              grantor try client_credentials
              grantor try authorization_code --client web
              grantor try password --with username=ann --with password
              grantor try implicit --response-type 'id_token token'
              grantor try client_credentials --client robot --key robot.pem

            If the user has to sign in, the command shows the URL to open, and receives the response at the client's \
            redirect URI if that is on this machine and its port is free. Otherwise, paste the URL that the browser is \
            sent to at the end.

            The output contains the client's secret and the tokens, so keep it to yourself. Exits with status 1 if the \
            server refuses a request.
            """)

    @Argument(help: "The grant, by any name that is valid in a client's 'grant_types'.")
    var grant: String

    @Option(help: "The id of a declared client. Default: the first one that may use the grant.")
    var client: String?

    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "The private key of a client that authenticates with a key: a file in PEM or with a JWK.",
            valueName: "file"))
    var key: String?

    @Option(
        name: .customLong("response-type"),
        help: "The 'response_type', such as 'code id_token'. Default: the response type of the grant alone.")
    var responseType: String?

    @Option(
        help: """
            The scope to ask for: scope values separated by spaces. Default: everything the client may ask for if a \
            user has to sign in, no 'scope' parameter otherwise.
            """)
    var scope: String?

    @Option(
        name: .customLong("with"),
        help: ArgumentHelp(
            "A parameter to send. Without a value, the command asks for it, which keeps it out of the shell's history.",
            valueName: "name[=value]"))
    var given: [String] = []

    @Option(help: "The URL of the server, if it is not the issuer.")
    var server: String?

    @Flag(name: .customLong("print"), help: "Shows the requests without sending them.")
    var onlyPrints = false

    @OptionGroup var option: ConfigurationOption

    func validate() throws {
        if key == "-" { throw ValidationError("--key must name a file, since the shown commands read it again") }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        defer { LogWriter.standardError.flush() }
        let key = try self.key.map(PrivateKey.init)
        let composition = await Composition.read(try ConfigurationFile(option.config))
        guard let generation = composition.generation, !composition.diagnostics.hasErrors else {
            composition.diagnostics.print()
            throw ExitCode(EX_CONFIG)
        }
        let choice = try GrantChoice(
            generation, composition.configuration.clients.compactMap { $0["id"]?.string }, grant: grant,
            responseType: responseType, client: client, hasKey: key != nil)
        let document = composition.configuration.clients.first { $0["id"]?.string == choice.client.id }
        let signer = try key.map { try ClientSigner($0, of: choice.client.id, composition.configuration) }
        let values = try ParameterValues(given, of: choice, generation, isPrinting: onlyPrints)
        var trial = GrantRun(
            configuration: composition.configuration, generation: generation, choice: choice, values: values,
            server: server ?? composition.configuration.issuer, scope: scope,
            secret: TryCommand.readable(document?["secret"]),
            signer: signer.map { (signer: $0, command: $0.command(option.config)) })
        try trial.run()
    }

    /// The first secret that is in plain text, not a hash.
    private static func readable(_ secret: JSON?) -> String? {
        (secret?.strings ?? []).first { !$0.raw.starts(with: "$s0$") }
    }
}
