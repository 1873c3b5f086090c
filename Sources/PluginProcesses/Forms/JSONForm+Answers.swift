// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

extension Subject {
    init?(form: JSON) {
        if let user = form["user"]?.string {
            self = .user(user)
        } else if let client = form["client"]?.string {
            self = .client(client)
        } else {
            return nil
        }
    }

    /// The member `subject` of a form; nil if it is missing.
    ///
    /// - Throws: `FormError` if it is malformed.
    init?(in form: JSON) throws {
        guard let subject = form["subject"], subject != .null else { return nil }
        guard let read = Subject(form: subject) else { throw FormError("'subject' must have user or client") }
        self = read
    }

    var form: JSON {
        switch self {
        case .user(let id): ["user": .string(id)]
        case .client(let id): ["client": .string(id)]
        @unknown default: [:]
        }
    }
}

extension ClaimsRequest: JSONForm {
    package init(form: JSON) throws {
        self.init(
            user: try form["user"].map(User.init(form:)), client: try form.required("client", Client.init(form:)),
            authorization: try form.required("authorization", Authorization.init(form:)),
            scope: Scope(try form.words("scope")),
            destination: try ClaimsDestination(word: form["destination"]?.string ?? ""))
    }

    package var form: JSON {
        .present([
            ("user", user?.form), ("client", client.form), ("authorization", authorization.shown),
            ("scope", .strings(scope.words)), ("destination", .string(destination.word)),
        ])
    }
}

extension Issuance {
    /// The response as an extension sees it.
    ///
    /// Members cross too, since an ID token has digests of them.
    var form: JSON {
        var (token, authorizing): (JSON?, JSON?)
        switch answer {
        case .token(let request): token = request.form(showing: [])
        case .authorization(let request): authorizing = request.form
        @unknown default: break
        }
        return .present([
            ("authorization", authorization.shown), ("client", client.form), ("limits", limits.form),
            ("issued_at", .integer(issuedAt.seconds)), ("members", .object(members)), ("request", token),
            ("authorization_request", authorizing),
        ])
    }
}

extension Event: JSONForm {
    package init(form: JSON) throws {
        self.init(
            Kind(rawValue: try form.required("kind", \.string)), subject: form["subject"].flatMap(Subject.init(form:)),
            client: form["client"]?.string, details: form["details"] ?? [:])
        time = Timestamp(seconds: try form.required("time", \.integer))
        (requestID, address) = (form["request"]?.string, form["address"]?.string)
        (grant, grantID) = (form["grant"]?.string, form["grant_id"]?.string)
        (sessionID, tokenID) = (form["session"]?.string, form["token_id"]?.string)
    }

    package var form: JSON {
        .present([
            ("kind", .string(kind.rawValue)), ("time", .integer(time.seconds)), ("request", requestID.map(JSON.string)),
            ("address", address.map(JSON.string)), ("client", client.map(JSON.string)), ("subject", subject?.form),
            ("grant", grant.map(JSON.string)), ("grant_id", grantID.map(JSON.string)),
            ("session", sessionID.map(JSON.string)), ("token_id", tokenID.map(JSON.string)), ("details", details),
        ])
    }
}
