// SPDX-License-Identifier: Apache-2.0

import GrantKit

@testable import AuthorizationCode
@testable import DeviceAuthorization
@testable import OpaqueToken
@testable import RefreshToken

extension StoredRow {
    static let plugins: [StoredRow] = [code, accessToken, family, device, userCode]

    private static let code = StoredRow(
        collection: StoredCode.collection.name,
        required: [
            "client", "usable_until", "redirect_uri", "authorization", "authorization.v", "authorization.user",
        ]
    ) { record in
        let code = try StoredCode(record)
        var row: JSON = [
            "client": .string(code.clientID), "usable_until": .integer(code.usableUntil.seconds),
            "redirect_uri": .string(code.redirectURI), "authorization": code.authorization.seen,
        ]
        row["sent"] = code.isRedirectURISent ? true : nil
        row["challenge"] = code.challenge.map(JSON.string)
        return row
    }

    private static let accessToken = StoredRow(
        collection: StoredToken.collection.name,
        required: ["id", "client", "iat", "authorization", "authorization.v", "authorization.user"]
    ) { record in
        let token = try StoredToken(record.value)
        return [
            "id": .string(token.id), "client": .string(token.clientID), "iat": .integer(token.issuedAt.seconds),
            "authorization": token.authorization.seen,
        ]
    }

    private static let family = StoredRow(
        collection: StoredFamily.collection.name,
        required: ["client", "generation", "rotated", "authorization", "authorization.v", "authorization.user"]
    ) { record in
        let family = try StoredFamily(record)
        return [
            "client": .string(family.clientID), "generation": .integer(family.generation),
            "rotated": .integer(family.rotatedAt.seconds), "authorization": family.authorization.seen,
        ]
    }

    private static let device = StoredRow(
        collection: StoredRequest.collection.name,
        required: [
            "client", "address", "requested", "usable_until", "decision", "interval", "limits", "limits.v",
            "limits.client", "authorization", "authorization.v", "authorization.user",
        ]
    ) { record in
        let request = try StoredRequest(record)
        var row: JSON = [
            "client": .string(request.clientID), "address": .string(request.address),
            "requested": .integer(request.requestedAt.seconds), "usable_until": .integer(request.usableUntil.seconds),
            "decision": .string(request.decision.rawValue), "interval": .integer(request.interval),
            "limits": Authorization(subject: .client(request.clientID), limits: request.limits).seen,
        ]
        row["next_poll"] = (request.nextPoll?.seconds).map(JSON.integer)
        row["authorization"] = request.authorization?.seen
        return row
    }

    private static let userCode = StoredRow(
        collection: StoredUserCode.collection.name, required: ["request"]
    ) { record in ["request": .string(try StoredUserCode(record).request)] }
}

extension Authorization {
    /// Every property, under the name of its member in a row.
    fileprivate var seen: JSON {
        var isClient = false
        if case .client = subject { isClient = true }
        var row: JSON = ["v": 1]
        row[isClient ? "client" : "user"] = .string(subject.id)
        row["scope"] = .string(scope.description)
        row["origin"] = .string(origin)
        row["aud"] = limits.audience.isEmpty ? nil : .strings(limits.audience)
        row["exp"] = (limits.notAfter?.seconds).map(JSON.integer)
        row["refresh"] = limits.mayRefresh ? true : nil
        row["auth_time"] = (authenticatedAt?.seconds).map(JSON.integer)
        row["acr"] = acr.map(JSON.string)
        row["amr"] = amr.isEmpty ? nil : .strings(amr)
        row["sid"] = sessionID.map(JSON.string)
        row["epoch"] = epoch.map(JSON.integer)
        row["client_epoch"] = clientEpoch.map(JSON.integer)
        row["act"] = actor
        row["claims"] = claims.members.isEmpty ? nil : claims
        row["grant"] = grantID.map(JSON.string)
        row["cnf"] = confirmation.map { .strings([$0.method, $0.value, $0.tokenType]) }
        let attached = attachments.map { JSON.Member($0.key, $0.value) }
        row["attachments"] = attached.isEmpty ? nil : .object(attached)
        return row
    }
}
