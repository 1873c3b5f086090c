// SPDX-License-Identifier: Apache-2.0

extension TestRegistry {
    /// The roles that a plugin has.
    var roles: Set<Role> {
        let counts: [(Role, Int)] = [
            (.grant, grants.count), (.tokenFormat, formats.count), (.product, products.count),
            (.tokenResolver, resolvers.count - formats.count),
            (.responseExtension, extensions.count), (.tokenFilter, tokenFilters.count),
            (.authenticator, authenticators.count), (.requestFilter, requestFilters.count), (.flow, flows.count),
            (.endpoint, endpoints.count),
            (.step, steps.count), (.purpose, purposes.count), (.claims, claimsSources.count),
            (.revocation, revocationParticipants.count), (.outbox, outboxes.count), (.job, jobs.count),
            (.eventSink, eventSinks.count), (.page, pages.count), (.store, stores.count),
        ]
        return Set(counts.filter { $0.1 > 0 }.map(\.0))
    }
}
