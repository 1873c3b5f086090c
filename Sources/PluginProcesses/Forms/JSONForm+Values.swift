// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

extension AccessLimits: JSONForm {
    package init(form: JSON) throws {
        guard form["scope"] != nil else { throw FormError("'scope' is missing") }
        self.init(
            scope: Scope(try form.words("scope")), audience: try form.words("audience"),
            notAfter: form["not_after"]?.integer.map(Timestamp.init(seconds:)),
            mayRefresh: form["may_refresh"]?.bool ?? false)
    }

    package var form: JSON {
        .present([
            ("scope", .strings(scope.words)), ("audience", .strings(audience)),
            ("not_after", (notAfter?.seconds).map(JSON.integer)), ("may_refresh", mayRefresh ? true : nil),
        ])
    }

    /// Narrows these limits to those that a process has returned, so a process that returns more gains nothing.
    mutating func narrow(to returned: AccessLimits) throws {
        keep { returned.scope.contains($0) }
        try keep(audience: returned.audience)
        if let end = returned.notAfter { self.end(by: end) }
        if !returned.mayRefresh { forbidRefresh() }
    }
}

extension OAuthError: JSONForm {
    package init(form: JSON) throws {
        self.init(
            Code(rawValue: try form.required("code", \.string)), form["description"]?.string ?? "",
            reason: form["reason"]?.string, status: form["status"]?.integer.flatMap(Int.init(exactly:)))
        for header in form["headers"]?.pairs ?? [] { headers[header.name] = header.value }
    }

    package var form: JSON {
        let sorted = headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        return .present([
            ("code", .string(code.rawValue)), ("description", .string(description)),
            ("reason", reason.map(JSON.string)), ("status", status.map { .integer(Int64($0)) }),
            ("headers", sorted.isEmpty ? nil : .pairs(sorted)),
        ])
    }
}

extension Client: JSONForm {
    package init(form: JSON) throws {
        self.init(
            id: try form.required("id", \.string), isPublic: try form.required("public", \.bool),
            grants: Set(try form.words("grants")), scope: Scope(try form.words("scope")),
            document: form["document"] ?? [:])
    }

    package var form: JSON {
        [
            "id": .string(id), "public": .bool(isPublic), "grants": .strings(grants.sorted()),
            "scope": .strings(scope.words), "document": document,
        ]
    }
}

extension User: JSONForm {
    package init(form: JSON) throws {
        self.init(
            id: try form.required("id", \.string), isActive: try form.required("active", \.bool),
            document: form["document"] ?? [:], epoch: form["epoch"]?.integer ?? 0)
    }

    package var form: JSON {
        ["id": .string(id), "active": .bool(isActive), "document": document, "epoch": .integer(epoch)]
    }
}

extension RequestHead: JSONForm {
    /// The headers that may hold a credential of the client or of a browser, which the core has checked already.
    private static let credentials = ["authorization", "proxy-authorization", "cookie"]

    package init(form: JSON) throws {
        self.init(
            method: form["method"]?.string ?? "", path: form["path"]?.string ?? "", query: form["query"]?.string,
            headers: form["headers"]?.pairs ?? [], address: form["address"]?.string ?? "",
            id: form["id"]?.string ?? "")
    }

    package var form: JSON {
        .present([
            ("method", .string(method)), ("path", .string(path)), ("query", query.map(JSON.string)),
            ("headers", .pairs(headers.filter { !RequestHead.credentials.contains($0.name) })),
            ("address", .string(address)), ("id", .string(id)),
        ])
    }
}

extension Parameters {
    /// The parameters without the secrets that a role has not declared.
    func form(showing declared: [ParameterDeclaration]) -> JSON {
        .pairs(all.filter { sent in !secrets.contains(sent.name) || declared.contains { $0.name == sent.name } })
    }
}
