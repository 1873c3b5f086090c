// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// Takes the place of an endpoint that runs in a process of its own.
struct IsolatedEndpoint<Who: CallerForm>: Endpoint {
    let route: Route
    let admission: Admission<Who>
    let body: BodyKind
    let parameters: [ParameterDeclaration]
    private let role: IsolatedRole

    init(_ form: JSON, _ admission: Admission<Who>, role: IsolatedRole) throws {
        route = try Route(form: form)
        parameters = try form.list("parameters", ParameterDeclaration.init(form:))
        let types = try form.words("takes")
        body = types.isEmpty ? .form : .json(types)
        self.admission = admission
        self.role = role
    }

    func respond(to request: EndpointRequest<Who>) async throws -> EndpointResponse {
        try await role.call("respond", request.form, EndpointResponse.init(form:))
    }
}

extension Registry {
    /// Adds the stand-in of an endpoint, whose type depends on who may call it.
    mutating func add(endpoint form: JSON, role place: Int, of caller: (any PluginCaller)?) throws {
        let role = IsolatedRole(place, of: caller)
        let caller = form["caller"] ?? .null
        if let word = caller["client"]?.string {
            add(endpoint: try IsolatedEndpoint(form, .client(ClientRequirement(word: word)), role: role))
        } else if caller["bearer"] != nil {
            add(endpoint: try IsolatedEndpoint(form, .bearer(Scope(caller.words("bearer"))), role: role))
        } else if let foreign = caller["browser"] {
            let takes = foreign["foreign_forms"]?.bool ?? false
            add(endpoint: try IsolatedEndpoint(form, .browser(takesForeignForms: takes), role: role))
        } else if let foreign = caller["user"] {
            let takes = foreign["foreign_forms"]?.bool ?? false
            add(endpoint: try IsolatedEndpoint(form, .user(takesForeignForms: takes), role: role))
        } else {
            throw FormError("'caller' must have client, bearer, browser or user")
        }
    }
}

extension AdmissionRule {
    /// The rule as a description has it.
    var form: JSON {
        switch self {
        case .client(let requirement): ["client": .string(requirement.word)]
        case .bearer(let scope): ["bearer": .strings(scope.words)]
        case .browser(let requiresSession, let foreign):
            [requiresSession ? "user" : "browser": ["foreign_forms": .bool(foreign)]]
        @unknown default: [:]
        }
    }
}

extension Route: JSONForm {
    private static let bases: [(String, Base)] = [
        ("endpoints", .endpoints), ("issuer", .issuer), ("well_known", .wellKnown),
    ]

    package init(form: JSON) throws {
        let word = form["below"]?.string ?? "endpoints"
        guard let base = Route.bases.first(where: { $0.0 == word }) else {
            throw FormError("'below' must be endpoints, issuer or well_known")
        }
        let methods = try form.words("methods")
        guard !methods.isEmpty else { throw FormError("'methods' is missing") }
        let path = try form.required("path", \.string)
        guard path.utf8.first == UInt8(ascii: "/") else { throw FormError("'path' must begin with a slash") }
        self.init(Set(methods), path, below: base.1, metadata: form["metadata"]?.string)
    }

    package var form: JSON {
        .present([
            ("methods", .strings(methods.sorted())), ("path", .string(path)),
            ("below", .string(Route.bases.first { $0.1 == base }?.0 ?? "endpoints")),
            ("metadata", metadata.map(JSON.string)),
        ])
    }
}
