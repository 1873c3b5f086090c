// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The kind of body that an endpoint reads.
enum EndpointBody: Sendable {
    case form
    /// A form with any parameters of the authorization endpoint, as declared by flows, filters and resolvers.
    case authorizationRequest
}

/// Takes the place of the requirement `body` that `Endpoint` will get, with `.form` as its default.
protocol EndpointWithBody: Endpoint {
    var body: EndpointBody { get }
}
