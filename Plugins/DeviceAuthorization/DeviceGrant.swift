// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Redeems a device code once the user has approved (RFC 8628 section 3.4).
struct DeviceGrant: TokenGrant {
    let requests: DeviceRequests
    let declaration = DeviceAuthorization.declaration
    let parameters = [ParameterDeclaration("device_code", required: true, longest: 128, secret: true)]

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let key = requests.key(ofDeviceCode: try request.parameters.required("device_code"))
        guard let found = try await requests.find(key) else {
            throw OAuthError.invalidGrant(reason: "the device code was never issued or has been deleted")
        }
        guard found.clientID == request.client.id else {
            throw OAuthError.invalidGrant(reason: "the device code was issued to another client")
        }
        // A redeemed code continues to the commit, whose conflict tells the core about the replay.
        guard found.isRedeemed || found.usableUntil > requests.host.now else {
            throw OAuthError(.expiredToken, "the device code has expired")
        }
        guard found.decision != .denied else { throw OAuthError(.accessDenied, "the user has denied access") }
        guard var authorization = found.authorization else {
            throw OAuthError(.authorizationPending, "the user has not decided yet")
        }
        authorization.writes = [.redeem(key)]
        return authorization
    }
}
