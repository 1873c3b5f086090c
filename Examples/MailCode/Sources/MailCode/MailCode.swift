// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// A second factor: after the password, users type a code that is sent to their e-mail address.
struct MailCode: Plugin {
    static let manifest = PluginManifest(
        id: "mail-code", summary: "users type a code that is sent by mail", specification: "RFC 8176 section 2, otp")

    private let codes: SentCodes
    private let delivery: MailDelivery

    init(settings: Settings, host: any PluginHost) throws {
        codes = SentCodes(host: host)
        let secret = settings.read(secret: "gateway_secret", "the bearer token that the gateway knows this server by")
        // Required settings are read last: the first one that is missing ends this function.
        let sender = try settings.read("from", example: "no-reply@example.com", "the sender of the mails")
        let gateway = try settings.read(
            url: "gateway", example: "https://mail.example.com/send", "where mails are sent to, as JSON")
        guard secret?.exposed.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) ?? true else {
            throw ConfigurationError(
                "'gateway_secret' must be printable ASCII without spaces", at: "gateway_secret")
        }
        delivery = MailDelivery(codes: codes, gateway: gateway, secret: secret, sender: sender)
    }

    func register(in registry: inout Registry) {
        registry.add(step: CodeStep(codes: codes))
        registry.add(page: CodePage.name, template: CodePage.template, texts: CodePage.texts)
        registry.add(job: delivery)
        registry.add(collection: SentCodes.collection)
    }
}

/// The handshake, which the server reads before it loads this library.
@c(mail_code_plugin_abi) public func mailCodePluginABI() -> UnsafeRawPointer? { unsafe grantor_plugin_abi() }

/// Passes the plugin's type to the server.
@c(mail_code_plugin_make) public func mailCodePluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(MailCode.self)
}
