// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension TokenTable {
    private static let unread = "it is not a signed JWT"
    private static let unknownKey = "no key with this 'kid' fits"
    private static let badType = "its 'typ' is not accepted"

    /// Types of all kinds of tokens.
    private static let allTypes = [
        "JWT", "at+jwt", "client-authentication+jwt", "oauth-id-jag+jwt", "oauth-authz-req+jwt", "dpop+jwt",
        "logout+jwt", "secevent+jwt", "token-introspection+jwt", "text/jwt", "application/x/jwt", "JWT ", "J W T",
    ]

    var headers: [Case] {
        let critical: [Form] = [("known", ["exp"], Self.unread), ("empty", "", Self.unread)]
        // They never decide which key verifies, so they change nothing.
        let ignored = ["jku", "x5u", "x5c", "x5t", "jwk", "cty", "zip", "b64"].flatMap { name -> [Case] in
            let forms: [Form] = [
                ("of an attacker", "https://evil.example.com/keys", nil), ("null", Self.null, nil),
                ("an object", ["kty": "oct", "k": "c2VjcmV0"], nil), ("huge", Self.huge, nil),
            ]
            return Self.parameter(name, forms)
        }
        return kinds + keys + algorithms + Self.parameter("crit", Self.noStrings(Self.unread) + critical) + ignored
    }

    /// The types, as they are written and in other spellings.
    private var kinds: [Case] {
        let good = types.flatMap { name -> [Form] in
            // Small letters for capitals, and the other way round.
            let swapped = String(
                decoding: name.utf8.map { 0x41...0x5A ~= $0 & 0xDF ? $0 ^ 0x20 : $0 }, as: UTF8.self)
            return [name, swapped, "application/" + name, "APPLICATION/" + swapped].map { ($0, .string($0), nil) }
        }
        let other = Self.allTypes.filter { !types.contains($0) }
            .map { name -> Form in (name, .string(name), otherTypes[name] ?? Self.badType) }
        let absent: Form = ("absent", Self.absent, isTypeOptional ? nil : "it has no 'typ'")
        return Self.parameter(
            "typ",
            Self.noStrings(Self.badType) + good + other
                + [absent, ("empty", "", Self.badType), ("huge", Self.huge, Self.badType)])
    }

    private var keys: [Case] {
        let texts = ["", "other", "../../dev/null", "' or 1=1 --", "a\u{0}b"].map { name -> Form in
            ("'\(name)'", .string(name), Self.unknownKey)
        }
        let rest: [Form] = [("absent", Self.absent, nil), ("huge", Self.huge, Self.unknownKey)]
        return Self.parameter("kid", Self.noStrings(Self.unread) + texts + rest)
    }

    private var algorithms: [Case] {
        let names = ["", "none", "None", "NONE", "es256", "ES256 ", "RS1", "HS1"].map { name -> Form in
            ("'\(name)'", .string(name), Self.unread)
        }
        let rest: [Form] = [
            ("absent", Self.absent, Self.unread), ("huge", Self.huge, Self.unread), ("of a code", "HS256", code),
            ("of another curve", "ES384", Self.unknownKey), ("of another kind", "RS256", Self.unknownKey),
        ]
        return Self.parameter("alg", Self.noStrings(Self.unread) + names + rest)
    }

    // MARK: JSON

    /// Payloads that are no claims, each with all that a good token has if JSON were read less strictly.
    ///
    /// - Parameter claims: The claims of a good token.
    static func brokenPayloads(_ claims: JSON) -> [String] {
        let (whole, open) = (claims.text, String(claims.text.dropLast()))
        let deep = String(repeating: "[", count: JSON.deepest) + String(repeating: "]", count: JSON.deepest)
        let ends = [
            "", ",}", #","iss":"robot"}"#, #","exp":1800000060}"#, #","x":1,"x":1}"#, #","x":1e400}"#, #","x":NaN}"#,
            #","x":01}"#, #","x":"\ud800"}"#, #","x":\#(deep)}"#, ",'x':1}", ",/**/\"x\":1}",
        ]
        let others = ["", "null", "[]", "1", "\"text\"", "{", String(repeating: "[", count: 2000)]
        return others + ["\u{FEFF}\(whole)", "\(whole)x", "\(whole)\(whole)", "[\(whole)]"] + ends.map { open + $0 }
    }

    /// Headers that are no JSON object, in the same way.
    static func brokenHeaders(_ header: JSON) -> [String] {
        let (whole, open) = (header.text, String(header.text.dropLast()))
        let ends = ["", #","alg":"none"}"#, #","alg":"ES256"}"#, #","kid":"other"}"#, #","x":1e400}"#]
        return ["", "null", "[\(whole)]", "\u{FEFF}\(whole)", "\(whole)x"] + ends.map { open + $0 }
    }
}
