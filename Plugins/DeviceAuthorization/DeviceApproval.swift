// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a user signs in and consents for after typing a device's code (RFC 8628 section 3.3).
struct DeviceApproval: InteractionPurpose {
    static let purpose = "device"
    /// OpenID Connect Core section 11.
    private static let offlineAccess = "offline_access"

    let requests: DeviceRequests
    let name = DeviceApproval.purpose
    let grant = DeviceAuthorization.declaration

    private var host: any PluginHost { requests.host }

    /// What the interaction is about.
    ///
    /// - Parameters:
    ///   - key: The key of the device's request.
    ///   - code: The code that the user typed, which only the browser and the device know.
    /// - Returns: The context.
    static func context(_ key: StoreKey, _ code: UserCode) -> JSON {
        ["request": .string(key.id), "code": .string(code.shown)]
    }

    func request(for context: JSON) async throws -> PurposeRequest {
        let found = try await pending(context)
        guard let client = try await host.clients.usable(found.clientID) else {
            throw OAuthError(.unauthorizedClient, "the client has been deactivated or removed")
        }
        return PurposeRequest(client: client, limits: found.limits, consent: terms(found, context))
    }

    /// Asks each time, so that nobody gets used to approving devices, and says where the request came from (RFC 10027).
    private func terms(_ found: StoredRequest, _ context: JSON) -> ConsentTerms {
        var terms = ConsentTerms()
        terms.askEachTime()
        terms.add(
            DevicePage.warning(
                code: context["code"]?.string ?? "", address: found.address, age: host.now - found.requestedAt))
        return terms
    }

    func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer {
        let found = try await pending(context)
        var kept = authorization
        // As with a code, a user who unticks offline access gives no refresh token.
        if found.limits.scope.contains(DeviceApproval.offlineAccess),
            !kept.scope.contains(DeviceApproval.offlineAccess)
        {
            kept.limits.forbidRefresh()
        }
        return PurposeAnswer(DevicePage.connected, writes: found.approving(kept, at: host.now))
    }

    func denied(for context: JSON) async throws -> PurposeAnswer {
        let found = try await pending(context)
        return PurposeAnswer(DevicePage.denied, writes: found.denying())
    }

    /// The request while the user can still decide.
    ///
    /// The server repeats the page if a button is pressed twice; what comes from another tab decides nothing.
    ///
    /// - Throws: `PurposeSettled` if the user has decided; `OAuthError` if the code has expired; `StoreError`.
    private func pending(_ context: JSON) async throws -> StoredRequest {
        guard let id = context["request"]?.string,
            let found = try await requests.find(StoredRequest.collection.key(id))
        else { throw DeviceApproval.expired }
        switch found.decision {
        case .approved: throw PurposeSettled(DevicePage.connectedBefore)
        case .denied: throw PurposeSettled(DevicePage.deniedBefore)
        case .pending: break
        }
        guard found.isPending(at: host.now) else { throw DeviceApproval.expired }
        return found
    }

    private static let expired = OAuthError(.expiredToken, "the code has expired")
}
