// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import GrantKit
import OutsideText

/// A provider of OpenSSL, such as one for hardware by PKCS#11 or one that is certified, and where to find it.
public struct KeyProvider: Sendable, Equatable {
    /// The name under which it is loaded.
    public var name: String
    /// The library.
    public var path: String
    /// What its section of an OpenSSL configuration would hold.
    public var parameters: [String: String]

    /// Describes a provider.
    public init(name: String, path: String, parameters: [String: String]) {
        self.name = name
        self.path = path
        self.parameters = parameters
    }

    /// Whether a text can stand in OpenSSL's form of a configuration without meaning something else.
    public static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            && !text.utf8.contains { "$#\\\"'`".utf8.contains($0) }
    }

    /// The section by which alone OpenSSL 3.0 takes a provider's path and parameters.
    ///
    /// It does not activate the provider: OpenSSL would then hide that the provider does not load.
    var configuration: String {
        var lines = ["openssl_conf = main", "[main]", "providers = list", "[list]", "\(name) = it", "[it]"]
        lines.append("module = \(path)")
        var parameters = self.parameters
        if path.raw.ends(with: "/pkcs11.so"), parameters["pkcs11-module-load-behavior"] == nil {
            // Otherwise a wrong module would only be noticed when a key is looked for.
            parameters["pkcs11-module-load-behavior"] = "early"
        }
        lines += parameters.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
        return lines.map { "\($0)\n" }.joined()
    }
}
