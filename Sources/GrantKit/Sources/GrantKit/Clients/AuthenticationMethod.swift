// SPDX-License-Identifier: Apache-2.0

/// A way in which clients authenticate, as it is registered in `token_endpoint_auth_method` (RFC 7591 section 2).
public struct AuthenticationMethod: Sendable, Hashable {
    /// What a client authenticates with.
    public enum Credential: Sendable, Hashable {
        /// The private half of a key in its `jwks` or `jwks_uri`.
        ///
        /// A client with keys and without a secret uses such a method, even if it names none.
        case keys
        /// Its secret, as it sends it.
        case secret
        /// Its secret as a key, which the server must be able to read.
        ///
        /// The client must be declared in the configuration, with a secret of at least 32 bytes that is not a hash.
        case readableSecret
        /// Anything else, such as a certificate that an attribute describes.
        case other
    }

    /// The value of `token_endpoint_auth_method`.
    public var name: String
    /// What a client authenticates with.
    public var credential: Credential
    /// The signature algorithms that are accepted, for the metadata (RFC 8414 section 2); empty if nothing is signed.
    public var algorithms: [String]
    /// The client attribute that describes the credential; nil if there is none.
    ///
    /// A client with this attribute and without a secret uses the method, even if it names none, so it is never public
    /// by mistake. A client that names the method must have the attribute.
    public var attribute: String?

    /// Makes a method.
    ///
    /// - Parameters:
    ///   - name: The value of `token_endpoint_auth_method`.
    ///   - credential: What a client authenticates with.
    ///   - algorithms: The signature algorithms that are accepted.
    public init(_ name: String, with credential: Credential, algorithms: [String] = []) {
        self.name = name
        self.credential = credential
        self.algorithms = algorithms
    }

    /// Whether two methods are the same; strings are compared by bytes.
    public static func == (left: AuthenticationMethod, right: AuthenticationMethod) -> Bool {
        left.name == right.name && left.credential == right.credential
            && JSON.strings(left.algorithms) == JSON.strings(right.algorithms) && left.attribute == right.attribute
    }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}
