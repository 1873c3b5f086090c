// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Host) package import GrantKit
import OutsideText

/// A caller of endpoints that can cross to a process.
package protocol CallerForm: Caller {
    init(callerForm: JSON) throws
    var callerForm: JSON { get }
}

extension Client: CallerForm {
    package init(callerForm: JSON) throws { try self.init(form: callerForm) }
    package var callerForm: JSON { form }
}

extension Bearer: CallerForm {
    package init(callerForm: JSON) throws {
        self.init(
            token: try callerForm.required("token", ResolvedToken.init(form:)),
            client: try callerForm.required("client", Client.init(form:)))
    }

    package var callerForm: JSON { ["token": token.form, "client": client.form] }
}

extension UserSession: CallerForm {
    package init(callerForm: JSON) throws { try self.init(form: callerForm) }
    package var callerForm: JSON { form }
}

extension Optional: CallerForm where Wrapped: CallerForm {
    package init(callerForm: JSON) throws {
        self = callerForm == .null ? nil : try Wrapped(callerForm: callerForm)
    }

    package var callerForm: JSON { self?.callerForm ?? .null }
}

extension ResolvedToken: JSONForm {
    package init(form: JSON) throws {
        let kinds: [String: Kind] = ["access": .access, "refresh": .refresh, "identity": .identity]
        guard let kind = form["kind"]?.string.flatMap({ kinds[exactly: $0] }) else {
            throw FormError("'kind' must be access, refresh or identity")
        }
        self.init(
            kind: kind, id: try form.required("id", \.string), clientID: try form.required("client", \.string),
            issuedAt: Timestamp(seconds: try form.required("issued_at", \.integer)),
            expiresAt: Timestamp(seconds: try form.required("expires_at", \.integer)),
            authorization: try form.required("authorization", Authorization.init(form:)))
    }

    package var form: JSON {
        let word: JSON =
            switch kind {
            case .access: "access"
            case .refresh: "refresh"
            case .identity: "identity"
            @unknown default: "access"
            }
        return [
            "kind": word, "id": .string(id), "client": .string(clientID), "issued_at": .integer(issuedAt.seconds),
            "expires_at": .integer(expiresAt.seconds), "authorization": authorization.shown,
        ]
    }
}

extension UserSession: JSONForm {
    package init(form: JSON) throws {
        self.init(
            id: try form.required("id", \.string), user: try form.required("user", User.init(form:)),
            authenticatedAt: Timestamp(seconds: try form.required("authenticated_at", \.integer)),
            expiresAt: Timestamp(seconds: try form.required("expires_at", \.integer)), acr: form["acr"]?.string,
            amr: try form.words("amr"), agent: form["agent"]?.string, address: form["address"]?.string)
    }

    package var form: JSON {
        .present([
            ("id", .string(id)), ("user", user.form), ("authenticated_at", .integer(authenticatedAt.seconds)),
            ("expires_at", .integer(expiresAt.seconds)), ("acr", acr.map(JSON.string)), ("amr", .strings(amr)),
            ("agent", agent.map(JSON.string)), ("address", address.map(JSON.string)),
        ])
    }
}

extension EndpointRequest where Who: CallerForm {
    package init(form: JSON) throws {
        self.init(
            head: try RequestHead(form: form["head"] ?? [:]), caller: try Who(callerForm: form["caller"] ?? .null),
            parameters: Parameters(form["parameters"]?.pairs ?? []),
            variables: Parameters(form["variables"]?.pairs ?? []), document: form["document"])
    }

    package var form: JSON {
        .present([
            ("head", head.form), ("caller", caller.callerForm), ("parameters", .pairs(parameters.all)),
            ("variables", .pairs(variables.all)), ("document", document),
        ])
    }
}

extension EndpointResponse: JSONForm {
    package init(form: JSON) throws {
        let content = try Content(form: form)
        let status = form["status"]?.integer ?? 200
        guard 200...599 ~= status else { throw FormError("'status' must be from 200 to 599") }
        self.init(content: content, status: Int(status), writes: try form.list("writes", StoreWrite.init(form:)))
        for header in form["headers"]?.pairs ?? [] { headers[header.name] = header.value }
        forgetsSession = form["forgets_session"]?.bool ?? false
    }

    package var form: JSON {
        let sorted = headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        let members: [(String, JSON?)] = [
            ("status", .integer(Int64(status))), ("headers", sorted.isEmpty ? nil : .pairs(sorted)),
            ("writes", writes.isEmpty ? nil : .array(writes.map(\.form))),
            ("forgets_session", forgetsSession ? true : nil),
        ]
        return .present(members + content.members)
    }
}

extension EndpointResponse.Content {
    fileprivate init(form: JSON) throws {
        if let page = form["page"] {
            self = .page(try Page(form: page))
        } else if let address = form["redirect"]?.string {
            self = .redirect(address)
        } else if let interaction = form["interaction"] {
            self = .interaction(
                purpose: try interaction.required("purpose", \.string), context: interaction["context"] ?? .null)
        } else if let file = form["file"] {
            let bytes = try file.required("base64") { $0.string.flatMap { Data(base64Encoded: $0) } }
            self = .file(Array(bytes), mediaType: try file.required("media_type", \.string))
        } else {
            self = form["json"].map(EndpointResponse.Content.json) ?? .none
        }
    }

    fileprivate var members: [(String, JSON?)] {
        switch self {
        case .json(let value): [("json", value)]
        case .page(let page): [("page", page.form)]
        case .redirect(let address): [("redirect", .string(address))]
        case .interaction(let purpose, let context):
            [("interaction", ["purpose": .string(purpose), "context": context])]
        case .file(let bytes, let mediaType):
            [("file", ["media_type": .string(mediaType), "base64": .string(Data(bytes).base64EncodedString())])]
        default: []
        }
    }
}

extension Page: JSONForm {
    package init(form: JSON) throws {
        self.init(try form.required("name", \.string), form["values"] ?? [:], kept: form["kept"])
        (destinations, frames) = (try form.words("destinations"), try form.words("frames"))
    }

    package var form: JSON {
        .present([
            ("name", .string(name)), ("values", values), ("kept", kept),
            ("destinations", destinations.isEmpty ? nil : .strings(destinations)),
            ("frames", frames.isEmpty ? nil : .strings(frames)),
        ])
    }
}

extension AuthorizationRequest: JSONForm {
    package init(form: JSON) throws {
        self.init(
            client: try form.required("client", Client.init(form:)),
            redirectURI: try form.required("redirect_uri", \.string), words: Set(try form.words("response_types")),
            grants: try form.list("grants", GrantDeclaration.init(form:)),
            parameters: Parameters(form["parameters"]?.pairs ?? []), head: try RequestHead(form: form["head"] ?? [:]))
    }

    package var form: JSON {
        [
            "client": client.form, "redirect_uri": .string(redirectURI), "response_types": .strings(words.sorted()),
            "grants": .array(grants.map(\.form)), "parameters": .pairs(parameters.all), "head": head.form,
        ]
    }
}
