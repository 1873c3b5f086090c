// SPDX-License-Identifier: Apache-2.0

extension Rule {
    /// All rules of the kit.
    static let all: [Rule] = [
        GrantRules.all,
        TokenFormatRules.all,
        TokenResolverRules.all,
        ExtensionRules.all,
        TokenFilterRules.all,
        ClaimsRules.all,
        RevocationRules.all,
        EndpointRules.all,
        PageRules.all,
        PurposeRules.all,
        StepRules.all,
        FlowRules.all,
        RequestFilterRules.all,
    ].flatMap { $0 }
}
