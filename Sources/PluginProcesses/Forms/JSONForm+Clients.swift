// SPDX-License-Identifier: Apache-2.0

package import GrantKit

extension AuthenticationMethod: JSONForm {
    private static let credentials: [(word: String, credential: Credential)] = [
        ("keys", .keys), ("secret", .secret), ("readable_secret", .readableSecret), ("other", .other),
    ]

    package init(form: JSON) throws {
        let word = form["credential"]?.string
        guard let credential = AuthenticationMethod.credentials.first(where: { $0.word == word })?.credential else {
            throw FormError("'credential' must be keys, secret, readable_secret or other")
        }
        self.init(try form.required("name", \.string), with: credential, algorithms: try form.words("algorithms"))
        attribute = form["attribute"]?.string
    }

    package var form: JSON {
        let word = AuthenticationMethod.credentials.first { $0.credential == credential }?.word ?? "other"
        return .present([
            ("name", .string(name)), ("credential", .string(word)),
            ("algorithms", algorithms.isEmpty ? nil : .strings(algorithms)), ("attribute", attribute.map(JSON.string)),
        ])
    }
}

extension AuthenticationRequest: JSONForm {
    package init(form: JSON) throws {
        self.init(
            head: try RequestHead(form: form["head"] ?? [:]), parameters: Parameters(form["parameters"]?.pairs ?? []))
    }

    package var form: JSON { ["head": head.form, "parameters": .pairs(parameters.all)] }
}

extension ClientClaim: JSONForm {
    package init(form: JSON) throws {
        self.init(clientID: try form.required("client", \.string), method: try form.required("method", \.string))
    }

    package var form: JSON { ["client": .string(clientID), "method": .string(method)] }
}

extension TokenContents: JSONForm {
    package init(form: JSON) throws {
        self.init(
            id: try form.required("id", \.string), client: try form.required("client", Client.init(form:)),
            authorization: try form.required("authorization", Authorization.init(form:)),
            issuedAt: Timestamp(seconds: try form.required("issued_at", \.integer)),
            expiresAt: Timestamp(seconds: try form.required("expires_at", \.integer)))
    }

    package var form: JSON {
        [
            "id": .string(id), "client": client.form, "authorization": authorization.shown,
            "issued_at": .integer(issuedAt.seconds), "expires_at": .integer(expiresAt.seconds),
        ]
    }
}

extension MintedToken: JSONForm {
    package init(form: JSON) throws {
        self.init(try form.required("value", \.string), writes: try form.list("writes", StoreWrite.init(form:)))
    }

    package var form: JSON { ["value": .string(value), "writes": .array(writes.map(\.form))] }
}
