// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What asks users to sign in and consent, collected from the loaded plugins when the generation is built.
struct AuthorizationPlan: Sendable {
    let flows: [String: Owned<any AuthorizationFlow>]
    let filters: [Owned<any AuthorizationRequestFilter>]
    /// The purposes of interactions that endpoints begin, by name.
    let purposes: [String: Owned<any InteractionPurpose>]
    /// In the order in which they run.
    let steps: [Owned<any InteractionStep>]
    let acceptance: ParameterAcceptance
    /// The fields that the page of each step may submit.
    let fields: [String: ParameterAcceptance]
    /// The longest `state` that is returned, in bytes.
    static let longestState = 4096

    /// The parameters that the core reads.
    private static let standard = [
        ParameterDeclaration("response_type", longest: 256), ParameterDeclaration("client_id", longest: 256),
        ParameterDeclaration("redirect_uri"), ParameterDeclaration("response_mode", longest: 64),
        ParameterDeclaration("scope", longest: 4096), ParameterDeclaration("state", longest: longestState),
        ParameterDeclaration("audience", repeatable: true, longest: 256),
    ]

    init?(_ capabilities: Capabilities) {
        guard capabilities.asksUsers else { return nil }
        let acceptance = ParameterAcceptance(
            AuthorizationPlan.standard + capabilities.flows.flatMap(\.role.parameters)
                + capabilities.requestFilters.flatMap(\.role.parameters), credentials: [])
        let fields = Dictionary(
            capabilities.steps.map { ($0.role.name, ParameterAcceptance($0.role.fields, credentials: [])) },
            uniquingKeysWith: { first, _ in first })
        flows = Dictionary(
            capabilities.flows.map { ($0.role.word, $0.watching(acceptance, as: "AuthorizationFlow")) },
            uniquingKeysWith: { first, _ in first })
        filters = capabilities.requestFilters.map { $0.watching(acceptance, as: "AuthorizationRequestFilter") }
        purposes = capabilities.purposes
        steps = capabilities.steps.map { step in
            fields[step.role.name].map { step.watching($0, as: "InteractionStep", declaredIn: "fields") } ?? step
        }
        (self.acceptance, self.fields) = (acceptance, fields)
    }

    /// Checks what a user submitted to the page of a step.
    ///
    /// - Returns: The fields that the step declares; none if nothing was submitted to its page.
    /// - Throws: `PageRefusal` for a field that is repeated or too long; it is not the fault of a client.
    func accepted(_ submitted: Parameters?, by step: Owned<any InteractionStep>) throws -> Parameters {
        do {
            return step.watched(try submitted.flatMap { try fields[step.role.name]?.accept($0) } ?? [:])
        } catch let error as OAuthError {
            throw PageRefusal(.form, error)
        }
    }

    /// Renders the page of a step, and names the plugin of the step in an error.
    func render<Value>(step name: String?, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            guard let name, let step = steps.first(where: { $0.role.name == name }) else { throw error }
            throw PluginFailure.named(error, step.plugin, "InteractionStep.advance")
        }
    }

    /// Whether response types can be combined: in each pair, one has to name the other.
    static func combine(_ flows: [any AuthorizationFlow]) -> Bool {
        flows.allSatisfy { one in
            flows.allSatisfy { other in
                one.word == other.word || one.combinesWith.contains(other.word)
                    || other.combinesWith.contains(one.word)
            }
        }
    }

    /// All supported response types, each with its words in alphabetical order.
    static func responseTypes(_ flows: [any AuthorizationFlow]) -> [String] {
        var groups: [[any AuthorizationFlow]] = [[]]
        for flow in flows.sorted(by: { $0.word < $1.word }).prefix(8) { groups += groups.map { $0 + [flow] } }
        return groups.filter { !$0.isEmpty && combine($0) }.map { $0.map(\.word).joined(separator: " ") }.sorted()
    }
}
