// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import GrantKit

// MARK: conversion to OpenSSL

extension JSONWebKey {
    /// The members of an RSA key with their names in OpenSSL.
    private static let rsaPublic = [("n", OSSL_PKEY_PARAM_RSA_N), ("e", OSSL_PKEY_PARAM_RSA_E)]
    private static let rsaPrivate = [
        ("d", OSSL_PKEY_PARAM_RSA_D), ("p", "rsa-factor1"), ("q", "rsa-factor2"),
        ("dp", "rsa-exponent1"), ("dq", "rsa-exponent2"),
        ("qi", "rsa-coefficient1"),
    ]

    static func asymmetric(_ json: JSON, isPrivate: Bool) throws(JOSEError) -> AsymmetricKey {
        switch json["kty"]?.string {
        case "EC": try ellipticCurve(json, isPrivate)
        case "OKP": try ed25519(json, isPrivate)
        case "RSA": try rsa(json, isPrivate)
        default: throw JOSEError("'kty' must be EC, RSA, OKP or oct")
        }
    }

    private static func ellipticCurve(_ json: JSON, _ isPrivate: Bool) throws(JOSEError) -> AsymmetricKey {
        guard let curve = Curve(rawValue: try text("crv", json) ?? "") else {
            throw JOSEError("'crv' must be P-256, P-384 or P-521")
        }
        var parameters = KeyParameters()
        parameters.add(text: curve.group, OSSL_PKEY_PARAM_GROUP_NAME)
        // Coordinates always have the full width (RFC 7518 section 6.2.1.2).
        let x = try bytes("x", json, count: curve.width)
        parameters.add(octets: [4] + x + (try bytes("y", json, count: curve.width)), OSSL_PKEY_PARAM_PUB_KEY)
        if isPrivate {
            parameters.add(number: try bytes("d", json, count: curve.width), OSSL_PKEY_PARAM_PRIV_KEY)
        }
        return try key(parameters, "EC", isPrivate)
    }

    private static func ed25519(_ json: JSON, _ isPrivate: Bool) throws(JOSEError) -> AsymmetricKey {
        guard try text("crv", json) == "Ed25519" else { throw JOSEError("'crv' must be Ed25519") }
        var parameters = KeyParameters()
        parameters.add(octets: try bytes("x", json, count: 32), OSSL_PKEY_PARAM_PUB_KEY)
        if isPrivate { parameters.add(octets: try bytes("d", json, count: 32), OSSL_PKEY_PARAM_PRIV_KEY) }
        return try key(parameters, "ED25519", isPrivate)
    }

    private static func rsa(_ json: JSON, _ isPrivate: Bool) throws(JOSEError) -> AsymmetricKey {
        var parameters = KeyParameters()
        for (member, name) in rsaPublic + (isPrivate ? rsaPrivate : []) {
            parameters.add(number: try bytes(member, json), name)
        }
        return try key(parameters, "RSA", isPrivate)
    }

    private static func key(
        _ parameters: borrowing KeyParameters, _ kind: String, _ isPrivate: Bool
    ) throws(JOSEError) -> AsymmetricKey {
        guard let key = unsafe parameters.key(kind, isPrivate: isPrivate) else {
            throw JOSEError("it is not a valid key: OpenSSL refuses its point or its numbers")
        }
        do {
            return try unsafe AsymmetricKey(owning: key)
        } catch {
            throw JOSEError("\(error)")
        }
    }
}
