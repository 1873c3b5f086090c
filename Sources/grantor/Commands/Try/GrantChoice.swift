// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Foundation
import GrantKit
import OutsideText
import ServerConfiguration

/// The grant to try, and the client to try it with.
struct GrantChoice {
    let grant: GrantDeclaration
    /// The flows of the response type; empty for a grant without the authorization endpoint.
    let flows: [any AuthorizationFlow]
    let client: Client

    /// The grants that the client must be allowed to use, the chosen one first.
    var grants: [GrantDeclaration] {
        flows.map(\.grant).reduce(into: [grant]) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Finds the grant, its flows and a client by name.
    ///
    /// - Throws: `Failure` with a suggestion if one of them is not found.
    init(
        _ generation: Generation, _ declared: [String], grant name: String, responseType: String?, client id: String?,
        hasKey: Bool
    ) throws {
        guard let grant = generation.grant(named: name) else {
            let note = Suggestion.note(for: name, among: generation.grantNames)
            throw Failure("no loaded plugin provides the grant '\(name)'\(note.map { "; \($0)" } ?? "")")
        }
        self.grant = grant
        flows = try GrantChoice.flows(of: grant, responseType, generation)
        var keys = [grant.key]
        for flow in flows where !keys.contains(flow.grant.key) { keys.append(flow.grant.key) }
        let methods = hasKey ? [ClientSigner.method] : GrantChoice.methods
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
            try GrantChoice.check(generation.methods(of: id), of: id, hasKey: hasKey)
            client = named
        } else {
            let candidates = declared.lazy.compactMap(generation.client).filter(mayTry)
            guard
                let first = candidates.first(where: { generation.methods(of: $0.id).contains(where: methods.contains) })
            else { throw GrantChoice.noClient(candidates.isEmpty, keys.joined(separator: " and "), hasKey: hasKey) }
            client = first
        }
    }

    /// The methods by which the command authenticates clients without a key.
    private static let methods = ["client_secret_basic", "none"]

    /// Checks that the command can authenticate as a client.
    private static func check(_ methods: [String], of id: String, hasKey: Bool) throws {
        let usesKey = methods.contains(ClientSigner.method)
        if hasKey, !usesKey { throw Failure("client '\(id)' does not authenticate with a key; leave out --key") }
        if !hasKey, usesKey {
            throw Failure("client '\(id)' authenticates with a key; name the file that contains it with --key")
        }
        guard usesKey || methods.contains(where: GrantChoice.methods.contains) else {
            let known = methods.joined(separator: " or ")
            throw Failure("client '\(id)' authenticates by \(known), which this command cannot do; name another")
        }
    }

    private static func noClient(_ isMissing: Bool, _ keys: String, hasKey: Bool) -> Failure {
        if isMissing { return Failure("no declared client may use \(keys); add it to 'grant_types' of one") }
        return Failure(
            hasKey
                ? "no declared client that may use \(keys) authenticates with a key; leave out --key"
                : "no declared client that may use \(keys) has a secret; name one that has a key with --client and --key"
        )
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
            throw Failure("the response type '\(responseType)' does not use the grant '\(grant.key)'")
        }
        return flows
    }
}
