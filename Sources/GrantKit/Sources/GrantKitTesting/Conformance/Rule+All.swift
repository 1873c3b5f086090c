// SPDX-License-Identifier: Apache-2.0

extension Rule {
    /// All rules of the kit.
    static let all: [Rule] = GrantRules.all + EndpointRules.all + PageRules.all + PurposeRules.all
}
