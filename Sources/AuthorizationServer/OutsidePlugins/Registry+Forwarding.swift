// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension Registry {
    /// The same additions, with every call of the plugin moved to its threads.
    func forwarded(to threads: PluginThreads) -> Registry {
        var forwarded = Registry()
        addTokenRoles(to: &forwarded, threads)
        addRequestRoles(to: &forwarded, threads)
        addBackgroundRoles(to: &forwarded, threads)
        addDeclarations(to: &forwarded)
        forwarded.isCalledWithMessages = isCalledWithMessages
        forwarded.attributeCheck = attributeCheck.map { ForwardedAttributeCheck(inner: $0, threads: threads) }
        return forwarded
    }

    private func addTokenRoles(to forwarded: inout Registry, _ threads: PluginThreads) {
        for role in grants { forwarded.add(grant: ForwardedGrant(role, on: threads)) }
        for role in extensions { forwarded.add(extension: ForwardedExtension(role, on: threads)) }
        for role in products { forwarded.add(product: ForwardedProduct(role, on: threads)) }
        for role in tokenFilters { forwarded.add(tokenFilter: ForwardedTokenFilter(role, on: threads)) }
        for role in claimsSources { forwarded.add(claims: ForwardedClaims(role, on: threads)) }
        for role in revocationParticipants { forwarded.add(revocation: ForwardedParticipant(role, on: threads)) }
        // Each format is among the resolvers too, and adding it adds both.
        var left = formats[...]
        for role in resolvers {
            if role is any TokenFormat, let format = left.popFirst() {
                forwarded.add(format: ForwardedFormat(format, on: threads))
            } else {
                forwarded.add(resolver: ForwardedResolver(role, on: threads))
            }
        }
    }

    private func addRequestRoles(to forwarded: inout Registry, _ threads: PluginThreads) {
        for role in authenticators { forwarded.add(authenticator: ForwardedAuthenticator(role, on: threads)) }
        for role in flows { forwarded.add(flow: ForwardedFlow(role, on: threads)) }
        for role in requestFilters { forwarded.add(requestFilter: ForwardedRequestFilter(role, on: threads)) }
        for role in purposes { forwarded.add(purpose: ForwardedPurpose(role, on: threads)) }
        for role in steps { forwarded.add(step: ForwardedStep(role, on: threads)) }
        for role in endpoints { forwarded.add(forwarding: role, to: threads) }
    }

    /// Adds an endpoint.
    ///
    /// The function is generic to open the endpoint's type.
    private mutating func add(forwarding role: some Endpoint, to threads: PluginThreads) {
        add(endpoint: ForwardedEndpoint(role, on: threads))
    }

    private func addBackgroundRoles(to forwarded: inout Registry, _ threads: PluginThreads) {
        for role in jobs { forwarded.add(job: ForwardedJobHandler(role, on: threads)) }
        for role in eventSinks { forwarded.add(eventSink: ForwardedSink(role, on: threads)) }
        for role in outboxes { forwarded.add(outbox: ForwardedOutbox(role, on: threads)) }
        for role in stores { forwarded.add(store: ForwardedStore(role, on: threads)) }
    }

    private func addDeclarations(to forwarded: inout Registry) {
        for page in pages { forwarded.add(page: page.name, template: page.template, texts: page.texts) }
        for document in documents { forwarded.add(document: document.name, adding: document.adding) }
        for collection in collections { forwarded.add(collection: collection) }
        for issuer in issuers { forwarded.add(issuer: issuer) }
        for word in scopesOnRequest { forwarded.add(scopeOnRequest: word) }
        for word in requiredScopes { forwarded.add(requiredScope: word) }
        for algorithm in signingAlgorithms { forwarded.add(signingAlgorithm: algorithm) }
        for member in metadata { forwarded.add(metadata: member.name, member.value) }
        if let reason = reasonAgainstIsolation { forwarded.refuseIsolation(because: reason) }
    }
}
