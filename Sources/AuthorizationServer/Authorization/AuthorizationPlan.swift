// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What asks users to sign in and consent, collected from the loaded plugins when the generation is built.
struct AuthorizationPlan: Sendable {
    let flows: [String: Owned<any AuthorizationFlow>]
    let filters: [(plugin: String, filter: any AuthorizationRequestFilter)]
    /// The purposes of interactions that endpoints begin, by name.
    let purposes: [String: Owned<any InteractionPurpose>]
    /// In the order in which they run.
    let steps: [any InteractionStep]
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
        flows = Dictionary(capabilities.flows.map { ($0.role.word, $0) }, uniquingKeysWith: { first, _ in first })
        filters = capabilities.requestFilters
        purposes = capabilities.purposes
        steps = capabilities.steps
        fields = Dictionary(
            capabilities.steps.map { ($0.name, ParameterAcceptance($0.fields, credentials: [])) },
            uniquingKeysWith: { first, _ in first })
        acceptance = ParameterAcceptance(
            AuthorizationPlan.standard + capabilities.flows.flatMap(\.role.parameters)
                + capabilities.requestFilters.flatMap(\.filter.parameters), credentials: [])
    }

    /// Checks what a user submitted to the page of a step.
    ///
    /// - Throws: `PageRefusal` for a field that is repeated or too long; it is not the fault of a client.
    func accepted(_ submitted: Parameters, by step: any InteractionStep) throws -> Parameters {
        do {
            return try fields[step.name]?.accept(submitted) ?? [:]
        } catch let error as OAuthError {
            throw PageRefusal(.form, error)
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
