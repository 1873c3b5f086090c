// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The rules for authenticators of clients, which are checked together if a plugin has several.
enum AuthenticatorRules {
    static let all: [Rule] = [
        Rule(.authenticator, "its methods and the parameters that it reads are words of its own", names),
        Rule(.authenticator, "it claims no client in a request that does not use its methods", claimsNothing),
        Rule(.authenticator, "it authenticates the client that it is meant for", authenticates),
        Rule(.authenticator, "it refuses a client that has other keys", otherKeys),
        Rule(.authenticator, "it refuses strange credentials with an OAuth error, and does not repeat them", strange),
        Rule(.authenticator, "if the store fails, it authenticates nobody, and works again later", storeFails),
    ]

    private static func names(_ subject: PluginUnderTest) async throws {
        let registry = try subject.registry()
        for method in registry.authenticators.flatMap({ $0.methods }) {
            try Word.check(method.name, "method")
            let isCores = ServerNames.all.contains {
                $0.what == "authentication method" && $0.names.contains(method.name)
            }
            try expect(!isCores, "the method '\(method.name)' belongs to the server: use another name")
        }
        for parameter in registry.authenticators.flatMap({ $0.parameters }) {
            try Word.check(parameter.name, "parameter")
        }
    }

    private static func claimsNothing(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        let requests: [Parameters] = [[:], ["client_id": "client-1"]]
        for parameters in requests {
            let what = "a request with nothing but \(parameters.all.map(\.name))"
            do {
                let client = try await plugin.authenticate(parameters)
                try expect(client == nil, "\(what) authenticates '\(client?.id ?? "")': return nil from 'claim'")
            } catch let error as OAuthError {
                throw ConformanceFailure(
                    "\(what) is \(error.sentence), and so is every client that uses another method: return nil from "
                        + "'claim'")
            }
        }
    }

    // MARK: the right client

    /// A plugin with a client and the parameters with which it authenticates.
    private static func request(
        _ subject: PluginUnderTest, changing change: (Client) -> Client = { $0 }
    ) async throws -> (plugin: TestPlugin, client: Client, parameters: Parameters) {
        guard let (client, make) = subject.authenticated else {
            throw ConformanceFailure("give a request that it accepts with authenticating(_:_:)")
        }
        let plugin = try await subject.load()
        plugin.host.clients.add(change(client))
        return (plugin, client, try await make(plugin))
    }

    private static func authenticates(_ subject: PluginUnderTest) async throws {
        let (plugin, client, parameters) = try await request(subject)
        do {
            let found = try await plugin.authenticate(parameters)
            try expect(
                found?.id == client.id,
                "the request of '\(client.id)' authenticates \(found.map { "'\($0.id)'" } ?? "nobody")")
        } catch let error as OAuthError {
            throw ConformanceFailure(
                "the request of '\(client.id)' is \(error.sentence): give a request that it accepts with "
                    + "authenticating(_:_:)")
        } catch let failure as ConformanceFailure {
            throw failure
        } catch {
            throw ConformanceFailure("the request of '\(client.id)' causes \(Outcome.sentence(error))")
        }
    }

    private static func otherKeys(_ subject: PluginUnderTest) async throws {
        let methods = try subject.registry().authenticators.flatMap { $0.methods }
        guard methods.contains(where: { $0.credential == .keys }) else { return }
        let (plugin, client, parameters) = try await request(subject) { client in
            var document = client.document
            document["jwks"] = TestParty("somebody else").keys
            return .test(id: client.id, document: document)
        }
        try await Harmless.check("a client with other keys") {
            let found = try await plugin.authenticate(parameters)
            try expect(
                found == nil,
                "'\(client.id)' authenticates although it has other keys: verify the signature with "
                    + "host.foreignKeys.verify(_:by: .client(client), _:)")
        }
    }

    // MARK: others

    private static func strange(_ subject: PluginUnderTest) async throws {
        let (plugin, _, good) = try await request(subject)
        for parameter in plugin.registry.authenticators.flatMap({ $0.parameters }) {
            for text in HostileText.all where text.utf8.count <= parameter.longest {
                for sent in [good.replacing(parameter.name, with: text), [parameter.name: text]] {
                    try await Harmless.check("a strange '\(parameter.name)'") {
                        _ = try await plugin.authenticate(sent)
                    }
                }
            }
        }
    }

    private static func storeFails(_ subject: PluginUnderTest) async throws {
        try await FailingStore.during("it authenticates a client") {
            let (plugin, _, parameters) = try await request(subject)
            return Trial(plugin: plugin) { _ = try await plugin.authenticate(parameters) }
        }
    }
}
