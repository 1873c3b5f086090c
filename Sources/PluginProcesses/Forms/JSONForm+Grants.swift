// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

extension ClientRequirement {
    init(word: String) throws {
        switch word {
        case "confidential": self = .confidential
        case "identified": self = .identified
        default: throw FormError("'client' must be confidential or identified")
        }
    }

    var word: String {
        switch self {
        case .confidential: "confidential"
        case .identified: "identified"
        @unknown default: "confidential"
        }
    }
}

extension GrantDeclaration: JSONForm {
    package init(form: JSON) throws {
        self.init(
            try form.required("grant_type", \.string), key: form["key"]?.string, aliases: try form.words("aliases"),
            client: try ClientRequirement(word: form["client"]?.string ?? "confidential"),
            impliedBy: form["implied_by"]?.string)
        if let advice = form["advice"]?.string { self = discouraged(advice) }
    }

    package var form: JSON {
        .present([
            ("grant_type", .string(wire)), ("key", .string(key)),
            ("aliases", aliases.isEmpty ? nil : .strings(aliases)),
            ("client", .string(client.word)), ("implied_by", impliedBy.map(JSON.string)),
            ("advice", advice.map(JSON.string)),
        ])
    }
}

extension ParameterDeclaration: JSONForm {
    package init(form: JSON) throws {
        let longest = form["longest"]?.integer ?? 2048
        guard 1...65536 ~= longest else { throw FormError("'longest' must be from 1 to 65536") }
        self.init(
            try form.required("name", \.string), required: form["required"]?.bool ?? false,
            repeatable: form["repeatable"]?.bool ?? false, longest: Int(longest),
            secret: form["secret"]?.bool ?? false, example: form["example"].flatMap(ParameterExample.init(form:)))
    }

    package var form: JSON {
        .present([
            ("name", .string(name)), ("required", isRequired ? true : nil), ("repeatable", isRepeatable ? true : nil),
            ("longest", .integer(Int64(longest))), ("secret", isSecret ? true : nil), ("example", example?.form),
        ])
    }
}

extension ParameterExample {
    init?(form: JSON) {
        if let text = form.string {
            self = .text(text)
        } else if let other = form["digest_of"]?.string {
            self = .digest(of: other)
        } else if form["random"]?.bool == true {
            self = .random
        } else {
            return nil
        }
    }

    var form: JSON? {
        switch self {
        case .text(let text): .string(text)
        case .digest(let other): ["digest_of": .string(other)]
        case .random: ["random": true]
        @unknown default: nil
        }
    }
}

extension TokenRequest: JSONForm {
    package init(form: JSON) throws {
        self.init(
            grant: try form.required("grant", GrantDeclaration.init(form:)),
            client: try form.required("client", Client.init(form:)),
            parameters: Parameters(form["parameters"]?.pairs ?? []),
            head: try RequestHead(form: form["head"] ?? [:]),
            allowed: try form.required("allowed", AccessLimits.init(form:)))
    }

    package var form: JSON {
        [
            "grant": grant.form, "client": client.form, "parameters": .pairs(parameters.all), "allowed": allowed.form,
            "head": head.form,
        ]
    }

    /// The form for a role that is called for requests of all grants.
    ///
    /// - Parameter declared: The parameters of the role; of the others, it does not get those that are secret.
    /// - Returns: The form.
    func form(showing declared: [ParameterDeclaration]) -> JSON {
        var form = self.form
        form["parameters"] = parameters.form(showing: declared)
        return form
    }
}

/// As it is stored, and with what is not stored.
extension Authorization: JSONForm {
    package init(form: JSON) throws {
        var stored = form
        if case .array = form["scope"] { stored["scope"] = .string(try form.words("scope").joined(separator: " ")) }
        do {
            try self.init(stored: stored)
        } catch let error as StoreError {
            throw FormError("the authorization cannot be read: \(error)")
        }
        writes = try form.list("writes", StoreWrite.init(form:))
        issuedType = form["issued_type"]?.string
        if let token = form["derived_from"]?.string { derivation = try LentValues.current?.derivation(token) }
    }

    package var form: JSON {
        var form = stored
        if !writes.isEmpty { form["writes"] = .array(writes.map(\.form)) }
        form["issued_type"] = issuedType.map(JSON.string)
        form["derived_from"] = (derivation?.tokenID).map(JSON.string)
        return form
    }

    /// The form for a role that must not see what others write.
    var shown: JSON {
        var shown = self
        shown.writes = []
        return shown.form
    }
}
