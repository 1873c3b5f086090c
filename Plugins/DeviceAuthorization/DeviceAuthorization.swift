// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Device authorization: a device shows a code, and a user types it in a browser elsewhere and approves (RFC 8628, RFC
/// 10027).
struct DeviceAuthorization: Plugin {
    static let manifest = PluginManifest(
        id: "device-authorization", summary: "users approve a device in a browser elsewhere",
        specification: "RFC 8628, RFC 10027")
    static let declaration = GrantDeclaration(
        "urn:ietf:params:oauth:grant-type:device_code", key: "device_code", client: .identified)

    private let requests: DeviceRequests
    private let mostInMinute: Int64

    init(settings: Settings, host: any PluginHost) {
        requests = DeviceRequests(
            host: host,
            lifetime: settings.read(
                "code_lifetime", default: .seconds(600), in: .seconds(60)...(.seconds(1800)),
                "how long a user has to type the code and approve"),
            interval: settings.read(
                "interval", default: .seconds(5), in: .seconds(1)...(.seconds(60)),
                "how long a device must wait between two polls"))
        mostInMinute = settings.read(
            "requests_per_minute", default: Int64(30), in: 1...100_000,
            "how many codes a client may request from one address in a minute")
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoredRequest.collection)
        registry.add(collection: StoredUserCode.collection)
        registry.add(collection: DeviceRequests.counters)
        registry.add(
            endpoint: DeviceAuthorizationEndpoint(
                requests: requests, limit: CodeLimit(host: requests.host, most: mostInMinute)))
        registry.add(endpoint: CodeEntry(requests: requests))
        registry.add(endpoint: CodeSignIn(requests: requests))
        registry.add(endpoint: CodeImage(requests: requests))
        registry.add(purpose: DeviceApproval(requests: requests))
        registry.add(tokenFilter: PollPace(requests: requests))
        registry.add(grant: DeviceGrant(requests: requests))
        registry.add(page: DevicePage.name, template: DevicePage.template, texts: DevicePage.texts)
    }
}

/// The handshake that the server reads before it loads this library.
@c(device_authorization_plugin_abi)
public func deviceAuthorizationPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(device_authorization_plugin_make)
public func deviceAuthorizationPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(DeviceAuthorization.self)
}
