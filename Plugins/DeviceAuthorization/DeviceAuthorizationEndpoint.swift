// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The device authorization endpoint (RFC 8628 section 3.1): gives a device its codes.
struct DeviceAuthorizationEndpoint: Endpoint {
    let requests: DeviceRequests
    let limit: CodeLimit
    let route = Route(["POST"], "/device_authorization", metadata: "device_authorization_endpoint")
    let admission = Admission.client(DeviceAuthorization.declaration.client)
    let parameters = [
        ParameterDeclaration("scope", longest: 4096), ParameterDeclaration("audience", repeatable: true),
    ]

    private var host: any PluginHost { requests.host }

    func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
        let limits = try await host.access.limits(
            request.parameters, for: request.caller, under: DeviceAuthorization.declaration)
        let address = request.head.address
        try await limit.count(request.caller, from: address)
        let stored = StoredRequest(
            of: request.caller, for: limits, from: address, at: host.now, lifetime: requests.lifetime,
            interval: requests.interval)
        let codes = try await requests.store(stored)
        return EndpointResponse([
            "device_code": .string(codes.device), "user_code": .string(codes.user.shown),
            "verification_uri": .string(host.address(of: CodeEntry.page)),
            "verification_uri_complete": .string(requests.address(with: codes.user)),
            "expires_in": .integer(requests.lifetime.components.seconds),
            "interval": .integer(requests.interval.components.seconds),
        ])
    }
}
