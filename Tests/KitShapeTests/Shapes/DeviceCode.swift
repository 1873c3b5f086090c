// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The device grant: the user signs in on another device (RFC 8628).
struct DeviceCode: Plugin {
    static let manifest = PluginManifest(
        id: "device-code", summary: "sign in on another screen", specification: "RFC 8628")
    static let declaration = GrantDeclaration(
        "urn:ietf:params:oauth:grant-type:device_code", key: "device_code", client: .identified)
    static let page = Route(["GET", "POST"], "/device")

    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) {
        self.host = host
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("device_code", indexes: ["user_code"]))
        registry.add(collection: StoreCollection("device_poll", durability: .relaxed))
        registry.add(endpoint: DeviceAuthorization(host: host))
        registry.add(browserEndpoint: UserCodeEntry(host: host))
        registry.add(purpose: DeviceApproval(host: host))
        registry.add(grant: DeviceGrant(host: host))
    }

    static func key(of code: String, _ host: any PluginHost) -> StoreKey {
        StoreKey("device_code", host.cryptography.digest(code))
    }
}

struct DeviceAuthorization: Endpoint {
    let host: any PluginHost
    let route = Route(["POST"], "/device_authorization", metadata: "device_authorization_endpoint")
    let caller = ClientRequirement.identified
    let parameters = [ParameterDeclaration("scope", longest: 4096), ParameterDeclaration("audience", repeatable: true)]

    func respond(to request: EndpointRequest) async throws -> EndpointResponse {
        let limits = try await host.access.limits(
            request.parameters, for: request.client, under: DeviceCode.declaration)
        let code = host.random(bytes: 32)
        let user = userCode()
        let row: JSON = [
            "client": .string(request.client.id), "scope": .strings(limits.scope.words),
            "audience": .strings(limits.audience), "state": "pending",
        ]
        let record = StoreRecord(
            DeviceCode.key(of: code, host), row, expiresAt: host.now + .seconds(600), indexes: ["user_code": user])
        let page = host.address(of: DeviceCode.page)
        let answer: JSON = [
            "device_code": .string(code), "user_code": .string(user), "expires_in": 600, "interval": 5,
            "verification_uri": .string(page), "verification_uri_complete": "\(page)?user_code=\(user)",
        ]
        return EndpointResponse(answer, writes: [.create(record)])
    }

    /// Capital letters that are easy to tell apart and form no words (RFC 8628 section 6.1).
    private func userCode() -> String {
        var letters = ""
        while letters.count < 8 { letters += host.random(bytes: 24).filter("BCDFGHJKLMNPQRSTVWXZ".contains) }
        return String(letters.prefix(8))
    }
}

/// The page where a user types the code that the device shows.
struct UserCodeEntry: BrowserEndpoint {
    let host: any PluginHost
    let route = DeviceCode.page
    let parameters = [ParameterDeclaration("user_code", longest: 32)]

    func respond(to request: BrowserRequest) async throws -> EndpointResponse {
        let typed = request.parameters["user_code"] ?? ""
        guard request.isSubmitted else { return .page(Page("device", ["user_code": .string(typed)])) }
        guard let record = try await find(typed.uppercased(), from: request.head.address) else {
            return .page(Page("device", ["error": "unknown-code"]))
        }
        return .interaction(DeviceApproval.purpose, context: ["key": .string(record.key.id)])
    }

    private func find(_ code: String, from address: String) async throws -> StoreRecord? {
        guard case .allowed(let attempt) = try await host.attempts.count("user_code", of: nil, from: address) else {
            return nil
        }
        let found = try await host.store.find("device_code", by: "user_code", equals: code, after: nil, limit: 1)
        guard let record = found.first, record.value["state"] == "pending", record.expiresAt > host.now else {
            return nil
        }
        try await host.attempts.succeeded(attempt)
        return record
    }
}

struct DeviceApproval: InteractionPurpose {
    static let purpose = "device"

    let host: any PluginHost
    let name = DeviceApproval.purpose
    let grant = DeviceCode.declaration

    func request(for context: JSON) async throws -> PurposeRequest {
        let record = try await pending(context)
        guard let client = try await host.clients.find(record.value["client"]?.string ?? "") else {
            throw OAuthError(.unauthorizedClient)
        }
        let limits = AccessLimits(
            scope: Scope(record.value["scope"]?.strings ?? []), audience: record.value["audience"]?.strings ?? [])
        var consent = ConsentTerms()
        consent.askEachTime()
        return PurposeRequest(client: client, limits: limits, consent: consent)
    }

    func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer {
        try await settle(context, as: "approved", authorization)
    }

    func denied(for context: JSON) async throws -> PurposeAnswer {
        try await settle(context, as: "denied", nil)
    }

    private func pending(_ context: JSON) async throws -> StoreRecord {
        let key = StoreKey("device_code", context["key"]?.string ?? "")
        guard let record = try await host.store.read(key), record.value["state"] == "pending" else {
            throw OAuthError(.expiredToken)
        }
        return record
    }

    private func settle(
        _ context: JSON, as state: String, _ authorization: Authorization?
    ) async throws -> PurposeAnswer {
        var record = try await pending(context)
        record.value["state"] = .string(state)
        record.value["authorization"] = authorization?.stored
        return PurposeAnswer(
            Page("device_done", ["state": .string(state)]), writes: [.replace(record, ifVersion: record.version)])
    }
}

struct DeviceGrant: TokenGrant {
    let host: any PluginHost
    let declaration = DeviceCode.declaration
    let parameters = [ParameterDeclaration("device_code", required: true, longest: 128, secret: true)]

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let key = DeviceCode.key(of: try request.parameters.required("device_code"), host)
        guard let record = try await host.store.read(key), record.value["client"]?.string == request.client.id else {
            throw OAuthError.invalidGrant(reason: "the device code is unknown or another client's")
        }
        guard record.expiresAt > host.now else { throw OAuthError(.expiredToken) }
        try await countPoll(key)
        switch record.value["state"]?.string {
        case "pending": throw OAuthError(.authorizationPending)
        case "approved":
            var authorization = try Authorization(stored: record.value["authorization"] ?? .null)
            authorization.writes = [.redeem(key)]
            return authorization
        default: throw OAuthError(.accessDenied)
        }
    }

    /// Allows one poll in each interval (RFC 8628 section 3.5).
    private func countPoll(_ key: StoreKey) async throws {
        let window = StoreKey("device_poll", "\(key.id) \(host.now.seconds / 5)")
        let polls = try await host.store.increment(window, expiresAt: host.now + .seconds(60), now: host.now)
        guard polls == 1 else { throw OAuthError(.slowDown) }
    }
}

extension OAuthError.Code {
    static let authorizationPending = OAuthError.Code(rawValue: "authorization_pending")
    static let expiredToken = OAuthError.Code(rawValue: "expired_token")
    static let slowDown = OAuthError.Code(rawValue: "slow_down")
}
