// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The response of an endpoint.
///
/// Takes the place of `EndpointResponse` with one more member, `freshFor`.
@dynamicMemberLookup
struct Reply: Sendable {
    var response: EndpointResponse
    /// For how long it may be cached; not at all unless this is set.
    var freshFor: Duration?

    init(_ response: EndpointResponse) {
        self.response = response
    }

    subscript<Value>(dynamicMember member: WritableKeyPath<EndpointResponse, Value>) -> Value {
        get { response[keyPath: member] }
        set { response[keyPath: member] = newValue }
    }
}
