// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

extension Revocation: JSONForm {
    package init(form: JSON) throws {
        if let id = form["token"]?.string {
            self = .token(id)
        } else if let id = form["grant"]?.string {
            self = .grant(id)
        } else if let id = form["session"]?.string {
            self = .session(id)
        } else {
            throw FormError("one of token, grant and session must be there")
        }
    }

    package var form: JSON {
        switch self {
        case .token(let id): ["token": .string(id)]
        case .grant(let id): ["grant": .string(id)]
        case .session(let id): ["session": .string(id)]
        @unknown default: [:]
        }
    }
}

extension VerifiedJWT: JSONForm {
    package init(form: JSON) throws {
        self.init(
            header: form["header"] ?? [:], claims: form["claims"] ?? [:],
            writes: try form.list("writes", StoreWrite.init(form:)))
    }

    package var form: JSON {
        .present([
            ("header", header), ("claims", claims), ("writes", writes.isEmpty ? nil : .array(writes.map(\.form))),
        ])
    }
}

extension JWTRules: JSONForm {
    package init(form: JSON) throws {
        self.init(types: try form.words("types"), issuer: form["issuer"]?.string, audience: try form.words("audience"))
        isTypeOptional = form["type_optional"]?.bool ?? false
        algorithms = form["algorithms"] == nil ? nil : try form.words("algorithms")
        subject = form["subject"]?.string
        isAudienceAlone = form["audience_alone"]?.bool ?? true
        if form["required"] != nil { required = try form.words("required") }
        longestLife = try form.duration("longest_life")
        leeway = try form.duration("leeway") ?? leeway
        isSingleUse = form["single_use"]?.bool ?? false
        isUsedByCaller = form["used_by_caller"]?.bool ?? false
    }

    package var form: JSON {
        .present([
            ("types", .strings(types)), ("type_optional", .bool(isTypeOptional)),
            ("algorithms", algorithms.map(JSON.strings)), ("issuer", issuer.map(JSON.string)),
            ("subject", subject.map(JSON.string)), ("audience", .strings(audience)),
            ("audience_alone", .bool(isAudienceAlone)), ("required", .strings(required)),
            ("longest_life", (longestLife?.components.seconds).map(JSON.integer)),
            ("leeway", .integer(leeway.components.seconds)), ("single_use", .bool(isSingleUse)),
            ("used_by_caller", .bool(isUsedByCaller)),
        ])
    }
}
