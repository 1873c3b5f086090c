// SPDX-License-Identifier: Apache-2.0

/// The methods by which the core itself authenticates clients (RFC 7591 section 2).
enum ClientMethod {
    static let basic = "client_secret_basic"
    static let post = "client_secret_post"
    static let none = "none"
    /// Those with a secret.
    static let secrets = [basic, post]
    static let ofCore = secrets + [none]
}
