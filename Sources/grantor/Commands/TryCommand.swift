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
        let choice = try TrialChoice(
            generation, composition.configuration.clients.compactMap { $0["id"]?.string }, grant: grant,
            responseType: responseType, client: client)
        let document = composition.configuration.clients.first { $0["id"]?.string == choice.client.id }
        let values = try TrialValues(given, of: choice, generation, isPrinting: onlyPrints)
        var trial = Trial(
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

/// What is tried, and for which client.
struct TrialChoice {
    let grant: GrantDeclaration
    /// The flows of the response type; empty for a grant without a page.
    let flows: [any AuthorizationFlow]
    let client: Client

    /// The grants that the client needs, the chosen one first.
    var grants: [GrantDeclaration] {
        flows.map(\.grant).reduce(into: [grant]) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Finds what was meant.
    ///
    /// - Throws: `Failure` that says what there is instead.
    init(
        _ generation: Generation, _ declared: [String], grant name: String, responseType: String?, client id: String?
    ) throws {
        guard let grant = generation.grant(named: name) else {
            let note = Suggestion.note(for: name, among: generation.grantNames)
            throw Failure("no loaded plugin provides the grant '\(name)'\(note.map { "; \($0)" } ?? "")")
        }
        self.grant = grant
        flows = try TrialChoice.flows(of: grant, responseType, generation)
        var keys = [grant.key]
        for flow in flows where !keys.contains(flow.grant.key) { keys.append(flow.grant.key) }
        func mayTry(_ client: Client) -> Bool {
            client.grants.isSuperset(of: keys) && (grant.client != .confidential || !client.isPublic)
        }
        if let id {
            guard let named = generation.client(id) else {
                throw Failure("the configuration declares no active client '\(id)'")
            }
            guard mayTry(named) else {
                throw Failure("client '\(id)' may not use \(keys.joined(separator: " and ")); add it to 'grant_types'")
            }
            client = named
        } else {
            guard let first = declared.lazy.compactMap(generation.client).first(where: mayTry) else {
                let keys = keys.joined(separator: " and ")
                throw Failure("no declared client may use \(keys); add it to 'grant_types' of one")
            }
            client = first
        }
    }

    private static func flows(
        of grant: GrantDeclaration, _ responseType: String?, _ generation: Generation
    ) throws -> [any AuthorizationFlow] {
        let own = generation.flows.filter { $0.grant == grant }
        guard let responseType else { return Array(own.prefix(1)) }
        let words = responseType.raw.split(at: " ").map(\.string)
        let flows = try words.map { word in
            guard let flow = generation.flows.first(where: { $0.word == word }) else {
                let note = Suggestion.note(for: word, among: generation.flows.map(\.word))
                throw Failure("no loaded plugin serves the response type '\(word)'\(note.map { "; \($0)" } ?? "")")
            }
            return flow
        }
        guard flows.contains(where: { $0.grant == grant }) else {
            throw Failure("the response type '\(responseType)' has no word of the grant '\(grant.key)'")
        }
        return flows
    }
}
