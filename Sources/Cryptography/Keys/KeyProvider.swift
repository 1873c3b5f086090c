// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import GrantKit
import OutsideText

/// An OpenSSL provider, such as one for PKCS#11 hardware or a certified one, and where to find it.
public struct KeyProvider: Sendable, Equatable {
    /// The name under which OpenSSL loads the provider.
    public var name: String
    /// The path of the library.
    public var path: String
    /// The parameters in the provider's section of an OpenSSL configuration.
    public var parameters: [String: String]

    /// Describes a provider.
    public init(name: String, path: String, parameters: [String: String]) {
        self.name = name
        self.path = path
        self.parameters = parameters
    }

    /// Whether a string contains no character that is special in OpenSSL's configuration format.
    public static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            && !text.utf8.contains { "$#\\\"'`".utf8.contains($0) }
    }

    /// The OpenSSL configuration of the provider; OpenSSL 3.0 accepts a path and parameters in no other way.
    ///
    /// It does not activate the provider, since OpenSSL would then hide the error if the provider cannot be loaded.
    var configuration: String {
        var lines = ["openssl_conf = main", "[main]", "providers = list", "[list]", "\(name) = it", "[it]"]
        lines.append("module = \(path)")
        var parameters = self.parameters
        if path.raw.ends(with: "/pkcs11.so"), parameters["pkcs11-module-load-behavior"] == nil {
            // Otherwise, a wrong module would only be noticed when a key is opened.
            parameters["pkcs11-module-load-behavior"] = "early"
        }
        lines += parameters.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
        return lines.map { "\($0)\n" }.joined()
    }
}
