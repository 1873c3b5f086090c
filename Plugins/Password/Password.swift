// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// The password grant: a first-party client asks for the user's name and password itself (RFC 6749 section 4.3).
struct Password: Plugin, TokenGrant {
    static let manifest = PluginManifest(
        id: "password", summary: "a client sends the user's name and password", specification: "RFC 6749 section 4.3")

    let declaration = GrantDeclaration("password", client: .identified).discouraged(
        "users who type their password into a client learn to type it anywhere (RFC 9700 section 2.4)")
    let parameters = [
        ParameterDeclaration("username", required: true, longest: 256, example: "ann"),
        ParameterDeclaration("password", required: true, longest: 512, secret: true, example: "demo-ann"),
    ]
    private static let refused = "the username or the password is incorrect"
    private let host: any PluginHost
    private let tellsUser: Bool
    private let tellsInactive: Bool

    init(settings: Settings, host: any PluginHost) {
        self.host = host
        tellsUser = settings.read(
            "userinfo", default: false, "whether responses contain the user's document as 'userinfo'")
        tellsInactive = settings.read(
            "tell_inactive", default: false,
            "whether the right password for an inactive account gets the error 'User is inactive'")
    }

    func register(in registry: inout Registry) {
        registry.add(grant: self)
        if tellsUser { registry.add(extension: UserDocument(host: host, wire: declaration.wire)) }
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let outcome = try await host.users.verify(
            login: try request.parameters.required("username"),
            password: Secret(try request.parameters.required("password")), from: request.head.address)
        switch outcome {
        case .verified(let user):
            var authorization = Authorization(user: user, limits: request.allowed)
            authorization.authenticatedAt = host.now
            authorization.amr = ["pwd"]
            return authorization
        case .inactive:
            throw OAuthError(
                .invalidGrant, tellsInactive ? "User is inactive" : Password.refused,
                reason: "the account is inactive")
        case .refused: throw OAuthError(.invalidGrant, Password.refused)
        case .later(let wait):
            throw OAuthError(
                .temporarilyUnavailable, "there were too many attempts; try again later",
                reason: "sign-in attempts are throttled",
                headers: ["Retry-After": "\(wait.components.seconds + 1)"])
        @unknown default: throw OAuthError(.serverError, reason: "this plugin does not know the outcome")
        }
    }
}

/// Adds the user's document to the token response, as Aidbox does.
struct UserDocument: ResponseExtension {
    let host: any PluginHost
    let wire: String
    let members = ["userinfo"]

    func extend(_ issuance: inout Issuance) async throws {
        guard case .token(let request) = issuance.answer, request.grant.wire == wire,
            case .user(let id) = issuance.authorization.subject, let user = try await host.users.find(id)
        else { return }
        let told: [JSON.Member] = [.init("resourceType", "User"), .init("id", .string(id))]
        try issuance.add(
            "userinfo", .object(told + user.document.members.filter { !["resourceType", "id"].contains($0.name) }))
    }
}

/// The handshake that the server reads before it loads this library.
@c(password_plugin_abi)
public func passwordPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(password_plugin_make)
public func passwordPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(Password.self)
}
