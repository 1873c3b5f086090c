// SPDX-License-Identifier: Apache-2.0

extension JWTRules {
    /// For the host: checks header and claims, which is cheap, before a signature is verified.
    ///
    /// - Parameters:
    ///   - jwt: The token.
    ///   - now: The current time.
    /// - Throws: `JWTRefusal`.
    @_spi(Host)
    public func check(_ jwt: UnverifiedJWT, at now: Timestamp) throws {
        try checkHeader(jwt.header)
        try checkKinds(jwt.claims)
        for name in required + (isSingleUse ? ["jti", "exp"] : []) where jwt.claims.lacks(name) {
            throw JWTRefusal("it has no '\(name)'")
        }
        if let issuer, jwt.claims["iss"]?.string != issuer { throw JWTRefusal("it is from another issuer") }
        if let subject, jwt.claims["sub"]?.string != subject { throw JWTRefusal("it is about another subject") }
        if !audience.isEmpty { try checkAudience(jwt.claims["aud"]?.strings ?? []) }
        try checkTimes(jwt.claims, now)
    }

    // MARK: header

    private func checkHeader(_ header: JSON) throws {
        if let algorithms {
            guard let algorithm = header["alg"]?.string, algorithms.contains(algorithm) else {
                throw JWTRefusal("its algorithm is not accepted")
            }
        }
        guard let type = header["typ"] else {
            guard isTypeOptional else { throw JWTRefusal("it has no 'typ'") }
            return
        }
        guard let name = type.string.map(JWTRules.plainType), types.contains(where: { JWTRules.plainType($0) == name })
        else { throw JWTRefusal("its 'typ' is not accepted") }
    }

    /// A `typ` in lower case, without `application/`, which may be left out if no other slash follows (RFC 7515 section
    /// 4.1.9); rules compare it in this form.
    ///
    /// - Parameter text: The `typ`.
    /// - Returns: The form that all its spellings share.
    public static func plainType(_ text: String) -> String {
        let lowercased = text.utf8.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
        let prefix = Array("application/".utf8)
        let rest = lowercased.starts(with: prefix) ? lowercased.dropFirst(prefix.count) : lowercased[...]
        return String(decoding: rest.contains(UInt8(ascii: "/")) ? lowercased[...] : rest, as: UTF8.self)
    }

    // MARK: claims

    private func checkKinds(_ claims: JSON) throws {
        for name in ["iss", "sub", "jti"] {
            if let value = claims[name], value.string == nil { throw JWTRefusal("its '\(name)' is not a string") }
        }
        for name in ["exp", "nbf", "iat"] {
            if let value = claims[name], value.numericDate == nil { throw JWTRefusal("its '\(name)' is not a time") }
        }
        if let value = claims["aud"], value.string == nil, value != .strings(value.strings) {
            throw JWTRefusal("its 'aud' is not a string or a list of strings")
        }
    }

    private func checkAudience(_ named: [String]) throws {
        guard named.contains(where: { audience.contains($0) }) else {
            throw JWTRefusal("it is for another audience")
        }
        guard !isAudienceAlone || named.count == 1 else { throw JWTRefusal("it is for other audiences too") }
    }

    private func checkTimes(_ claims: JSON, _ now: Timestamp) throws {
        for name in ["nbf", "iat"] {
            if let start = claims[name]?.numericDate, start > now + leeway {
                throw JWTRefusal("its '\(name)' is in the future")
            }
        }
        guard let end = claims["exp"]?.numericDate else { return }
        guard end > now else { throw JWTRefusal("it has expired") }
        if let longest = longestLife ?? (isSingleUse ? .seconds(86400) : nil), end - now > longest + leeway {
            throw JWTRefusal("it is valid for too long")
        }
    }
}

extension JSON {
    /// Whether a member is missing, null or an empty string or array.
    fileprivate func lacks(_ name: String) -> Bool {
        switch self[name] {
        case nil, .null?: true
        case .string(let text)?: text.isEmpty
        case .array(let elements)?: elements.isEmpty
        default: false
        }
    }

    /// For the host: the time in a claim, of which fractions of a second are dropped (RFC 7519 section 2); nil for
    /// anything else.
    @_spi(Host)
    public var numericDate: Timestamp? {
        switch self {
        case .integer(let seconds): Timestamp(seconds: seconds)
        case .number(let seconds): Int64(exactly: seconds.rounded(.down)).map(Timestamp.init(seconds:))
        default: nil
        }
    }
}
