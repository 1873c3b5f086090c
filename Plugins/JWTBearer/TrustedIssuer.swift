// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An issuer whose tokens are accepted, with everything that limits what they are good for.
struct TrustedIssuer: Sendable {
    /// The value of `iss`, which is compared byte for byte.
    let name: String
    let isEnabled: Bool
    let keys: KeySource
    /// The audience of its tokens; empty for this server's issuer identifier.
    let audience: String
    /// The values of `typ` that are accepted.
    let types: AssertionTypes
    let algorithms: SigningAlgorithms
    /// The clients that may use its tokens as grants.
    let clients: [String]
    /// The scope that its tokens can give at most.
    let scope: [String]
    let subjects: SubjectRules
    /// How far ahead `exp` may be.
    let longestLife: Duration
    /// How long access that its tokens give lasts at most.
    let longestAccess: Duration
    let use: AssertionUse

    /// Reads an issuer.
    ///
    /// - Parameters:
    ///   - settings: Its settings.
    ///   - host: The host, which parses its keys.
    /// - Throws: `ConfigurationError`.
    init(_ settings: Settings, host: any PluginHost) throws {
        isEnabled = settings.read("enabled", default: true, "whether its tokens are accepted")
        audience = settings.read(
            "audience", default: "", "the 'aud' of its tokens; if it is empty, the issuer identifier of this server")
        types = settings.read(
            "types", default: AssertionTypes.usual, "the values of 'typ' that are accepted; with JWT, also none")
        algorithms = settings.read(
            "algorithms", default: SigningAlgorithms.asymmetric, "the signature algorithms that are accepted")
        clients = settings.read("clients", default: [], "the clients that may use its tokens as grants")
        scope = settings.read("scope", default: [], "the scope that its tokens can give at most")
        subjects = settings.read(
            "subjects", default: SubjectRules.none, "the subjects of its tokens, and whom each is for")
        longestLife = settings.read(
            "longest_life", default: .seconds(3600), in: .seconds(60)...(.seconds(86400)),
            "how far ahead the 'exp' of a token may be")
        longestAccess = settings.read(
            "longest_access", default: .seconds(900), in: .seconds(60)...(.seconds(86400)),
            "how long access that a token gives lasts at most")
        use = settings.read(
            "jti", default: AssertionUse.ifPresent, "whether a token with a 'jti' is accepted only once")
        let keys = settings.read("keys", default: IssuerKeys.none, "its public keys, as a key set")
        let address = settings.read("jwks_uri", default: KeyAddress.none, "the address of its key set")
        // Last, since it can throw, and a setting that has not been read counts as unknown.
        name = try settings.read("issuer", example: "https://idp.example.com", "the 'iss' of its tokens")
        guard Scope.isWord(name) else {
            throw ConfigurationError(
                "'issuer' must not be empty, and has only ASCII letters, digits and punctuation", at: "issuer")
        }
        self.keys = try TrustedIssuer.source(keys, address, host)
    }

    private static func source(
        _ keys: IssuerKeys, _ address: KeyAddress, _ host: any PluginHost
    ) throws -> KeySource {
        switch (keys.keySet, address.url) {
        case (let set?, nil): return .keys(try parsed(set, host))
        case (nil, let url?): return .address(url)
        case (nil, nil): throw ConfigurationError("an issuer needs 'jwks_uri' or 'keys'")
        default: throw ConfigurationError("an issuer has either 'jwks_uri' or 'keys'; remove one", at: "keys")
        }
    }

    private static func parsed(_ set: JSON, _ host: any PluginHost) throws -> PublicKeySet {
        do {
            return try host.foreignKeys.keys(in: set)
        } catch {
            throw ConfigurationError("the setting 'keys' is no key set that can be used: \(error)", at: "keys")
        }
    }

    /// Whether its tokens can be identity assertions.
    var acceptsIdentityAssertions: Bool { !types.ofIdentityAssertions.isEmpty }

    /// The rules for its tokens that are no identity assertions.
    ///
    /// - Parameter server: The issuer identifier of this server.
    /// - Returns: The rules.
    func plainRules(for server: String) -> JWTRules {
        var rules = JWTRules(types: types.ofOthers, issuer: name, audience: [audience.isEmpty ? server : audience])
        rules.isTypeOptional = types.areOptional
        rules.algorithms = algorithms.names
        rules.required = ["iss", "sub", "aud", "exp"]
        rules.longestLife = longestLife
        return rules
    }
}
