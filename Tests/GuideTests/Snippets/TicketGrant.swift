// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Tickets that are made for a client, and that a grant redeems once.
struct TicketGrant: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "ticket-grant", summary: "redeems tickets", specification: "")
    private static let tickets = StoreCollection("ticket_grant_ticket")
    /// How long a ticket is remembered after it has expired, so that a replay is noticed.
    private static let memory = Duration.seconds(3600)

    let declaration = GrantDeclaration("urn:example:ticket-grant", key: "ticket-grant", client: .confidential)
    let parameters = [ParameterDeclaration("ticket", required: true, longest: 128, secret: true)]
    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
    }

    func register(in registry: inout Registry) throws {
        registry.add(grant: self)
        registry.add(collection: Self.tickets)
    }

    /// Makes a ticket for what a client may have later.
    func ticket(for client: String, _ authorization: Authorization) async throws -> String {
        var kept = authorization
        // Made once, and kept in the record: after a replay, it leads to all that the first use got.
        kept.grantID = host.random(bytes: 16)
        let ticket = host.random(bytes: 32)
        let end = host.now + .seconds(300)
        let value: JSON = [
            "client": .string(client), "usable_until": .integer(end.seconds), "authorization": kept.stored,
        ]
        // The key is a digest: someone who reads the store cannot redeem what is there.
        let key = Self.tickets.key(host.cryptography.digest(ticket))
        let record = StoreRecord(key, value, expiresAt: end + Self.memory)
        guard try await host.store.write([.create(record)]) == .committed else {
            throw StoreError("a new ticket exists already")
        }
        return ticket
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let key = Self.tickets.key(host.cryptography.digest(try request.parameters.required("ticket")))
        guard let record = try await host.store.read(key), let stored = record.value["authorization"],
            let end = record.value["usable_until"]?.integer
        else { throw OAuthError.invalidGrant(reason: "there is no such ticket") }
        guard record.value["client"]?.string == request.client.id else {
            throw OAuthError.invalidGrant(reason: "the ticket is another client's")
        }
        // A redeemed ticket continues to the commit, whose conflict tells the core about the replay.
        guard record.isRedeemed || Timestamp(seconds: end) > host.now else {
            throw OAuthError.invalidGrant(reason: "the ticket has expired")
        }
        var authorization = try Authorization(stored: stored)
        authorization.writes = [.redeem(key)]
        return authorization
    }
}
