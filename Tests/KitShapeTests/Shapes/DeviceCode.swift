// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The device grant: the user signs in on another device (RFC 8628).
struct DeviceCode: Plugin {
    static let manifest = PluginManifest(
        id: "device-code", summary: "sign in on another screen", specification: "RFC 8628")
    static let declaration = GrantDeclaration(
        "urn:ietf:params:oauth:grant-type:device_code", key: "device_code", client: .identified)
    static let page = Route(["GET", "POST"], "/device")

    private let host: any LaterHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
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
    let host: any LaterHost
    let route = Route(["POST"], "/device_authorization", metadata: "device_authorization_endpoint")
    let caller = ClientRequirement.identified
    let parameters = [ParameterDeclaration("scope", longest: 4096), ParameterDeclaration("audience", repeatable: true)]

    func respond(to request: EndpointRequest) async throws -> EndpointResponse {
        let limits = try host.laterAccess.limits(
            request.parameters, client: request.client, grant: DeviceCode.declaration)
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
struct UserCodeEntry: InteractingEndpoint {
    let host: any LaterHost
    let route = DeviceCode.page
    let parameters = [ParameterDeclaration("user_code", longest: 32)]

    func respond(to request: BrowserRequest) async throws -> Reply {
        let typed = request.parameters["user_code"] ?? ""
        guard request.head.method == "POST" else { return .page("device", ["user_code": .string(typed)]) }
        guard let record = try await find(typed.uppercased(), from: request.head.address),
            let client = try await host.clients.find(record.value["client"]?.string ?? "")
        else { return .page("device", ["error": "unknown-code"]) }
        let limits = AccessLimits(
            scope: Scope(record.value["scope"]?.strings ?? []), audience: record.value["audience"]?.strings ?? [])
        let start = InteractionStart(
            purpose: DeviceApproval.purpose, client: client, policy: InteractionPolicy(limits: limits),
            context: ["key": .string(record.key.id)])
        return Reply(.interact(start))
    }

    private func find(_ code: String, from address: String) async throws -> StoreRecord? {
        let store = host.store
        @Sendable func matches() async throws -> [StoreRecord] {
            try await store.find("device_code", by: "user_code", equals: code, after: nil, limit: 1)
        }
        guard try await host.attempts.attempt("device", from: address, { try await !matches().isEmpty }) else {
            return nil
        }
        return try await matches().first { $0.value["state"] == "pending" && $0.expiresAt > host.now }
    }
}

struct DeviceApproval: InteractionPurpose {
    static let purpose = "device"

    let host: any LaterHost
    let name = DeviceApproval.purpose
    let grant = DeviceCode.declaration

    func approved(_ authorization: Authorization, context: JSON) async throws -> Reply {
        try await settle(context, as: "approved", authorization)
    }

    func denied(context: JSON) async throws -> Reply {
        try await settle(context, as: "denied", nil)
    }

    private func settle(_ context: JSON, as state: String, _ authorization: Authorization?) async throws -> Reply {
        let key = StoreKey("device_code", context["key"]?.string ?? "")
        guard var record = try await host.store.read(key), record.value["state"] == "pending" else {
            return .page("device", ["error": "unknown-code"])
        }
        record.value["state"] = .string(state)
        record.value["authorization"] = authorization?.stored
        var reply = Reply.page("device-done", ["state": .string(state)])
        reply.writes = [.replace(record, ifVersion: record.version)]
        return reply
    }
}

struct DeviceGrant: TokenGrant {
    let host: any LaterHost
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
