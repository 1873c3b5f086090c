// SPDX-License-Identifier: Apache-2.0

extension Rule {
    /// All rules of the kit.
    static let all: [Rule] = [
        PluginRules.all,
        GrantRules.all,
        TokenFormatRules.all,
        ProductRules.all,
        TokenResolverRules.all,
        ExtensionRules.all,
        TokenFilterRules.all,
        ClaimsRules.all,
        RevocationRules.all,
        EndpointRules.all,
        AuthenticatorRules.all,
        PageRules.all,
        PurposeRules.all,
        StepRules.all,
        FlowRules.all,
        RequestFilterRules.all,
        OutboxRules.all,
        JobRules.all,
        EventSinkRules.all,
        StoreRules.all,
    ].flatMap { $0 }
}
