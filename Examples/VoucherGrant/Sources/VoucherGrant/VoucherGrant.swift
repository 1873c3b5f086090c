// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// A grant in one file: a client redeems a printed voucher, once, for an access token.
struct VoucherGrant: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "voucher-grant", summary: "redeems vouchers", specification: "")

    let declaration = GrantDeclaration("urn:example:voucher", key: "voucher", client: .confidential)
    let parameters = [ParameterDeclaration("voucher", required: true, longest: 64, secret: true)]
    private let host: any PluginHost
    private let series: String

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        series = try settings.read("series", example: "spring", "what every voucher starts with")
    }

    func register(in registry: inout Registry) {
        registry.add(grant: self)
        registry.add(collection: StoreCollection("voucher"))
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let voucher = try request.parameters.required("voucher")
        guard voucher.utf8.starts(with: "\(series)-".utf8) else {
            throw OAuthError.invalidGrant(reason: "not of this series")
        }
        var authorization = Authorization(subject: .client(request.client.id), limits: request.allowed)
        // Written in one commit with the token: if two clients redeem the same voucher, only one gets a token. The record
        // is kept for ever, because without it the voucher would be good again.
        let used = StoreKey("voucher", host.cryptography.digest(voucher))
        authorization.writes = [.create(StoreRecord(used, [:], expiresAt: Timestamp(seconds: .max)))]
        return authorization
    }
}

/// The handshake, which the server reads before it loads this library.
@c(voucher_grant_plugin_abi) public func voucherGrantPluginABI() -> UnsafeRawPointer? { unsafe grantor_plugin_abi() }

/// Passes the plugin's type to the server.
@c(voucher_grant_plugin_make) public func voucherGrantPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(VoucherGrant.self)
}
