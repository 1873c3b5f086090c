// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A kind of document that the API manages.
enum DocumentKind: String, Sendable, CaseIterable {
    case client = "Client"
    case user = "User"

    /// The search parameters of a list, each of which finds only a few documents.
    var searches: [String] {
        switch self {
        case .client: ["_id"]
        case .user: ["_id", "email", "userName"]
        }
    }
}

/// The documents of one kind, and their responses.
struct Documents: Sendable {
    let kind: DocumentKind
    let host: any PluginHost
    let takesPeople: Bool

    var directory: any DocumentDirectory {
        switch kind {
        case .client: host.clients.documents
        case .user: host.users.documents
        }
    }

    /// The media types of documents.
    ///
    /// The media type of a patch (RFC 7396) is accepted for all requests.
    static let body = BodyKind.json(["application/json", "application/merge-patch+json"])

    var path: String { "/\(kind.rawValue)" }

    func address(of id: String) -> String { "\(host.issuer)\(path)/\(id.percentEncoded)" }

    /// The document with its kind and its id first.
    func shown(_ entry: DirectoryEntry) -> JSON {
        let own = entry.document.members.filter { $0.name != "resourceType" && $0.name != "id" }
        return .object(
            [.init("resourceType", .string(kind.rawValue)), .init("id", .string(entry.id))] + own)
    }

    func answer(_ entry: DirectoryEntry, status: Int = 200, secret: Secret? = nil) -> EndpointResponse {
        var document = shown(entry)
        document["secret"] = secret.map { .string($0.exposed) }
        var response = EndpointResponse(document, status: status)
        response.headers["ETag"] = entry.version.map { "\"\($0)\"" }
        return response
    }

    /// The response to a change: 201 with the URL of a new document, 200 otherwise.
    func answer(_ change: DirectoryChange) -> EndpointResponse {
        var response = answer(change.entry, status: change.isNew ? 201 : 200, secret: change.secret)
        if change.isNew { response.headers["Location"] = address(of: change.entry.id) }
        response.headers["Warning"] = Documents.header(change.warnings)
        return response
    }

    /// The `Warning` header field for members that have no effect or should not be used (RFC 7234 section 5.5), with a
    /// limited length.
    private static func header(_ warnings: [DocumentProblem]) -> String? {
        let texts = warnings.prefix(8).map { warning in
            let plain = "\(warning.pointer): \(warning.message)".utf8.prefix(300).map { byte in
                (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                    ? byte : UInt8(ascii: "?")
            }
            return "199 - \"\(String(decoding: plain, as: UTF8.self))\""
        }
        return texts.isEmpty ? nil : texts.joined(separator: ", ")
    }

    /// Runs a request and turns refusals into responses.
    func refusing(
        _ request: EndpointRequest<Bearer>, _ body: () async throws -> EndpointResponse
    ) async throws -> EndpointResponse {
        // A scope says what a client may ask users for, not which users may manage others.
        if case .user = request.caller.token.authorization.subject, !takesPeople {
            throw OAuthError(.insufficientScope, "a token that speaks for a user cannot be used here")
        }
        do {
            return try await body()
        } catch let refusal as DocumentRefusal {
            return Documents.answer(refusal)
        }
    }

    private static func answer(_ refusal: DocumentRefusal) -> EndpointResponse {
        let (status, code) =
            switch refusal.kind {
            case .invalid: (422, "invalid_document")
            case .taken: (409, "conflict")
            case .declared: (409, "declared")
            case .changed: (412, "precondition_failed")
            case .unknown: (404, "not_found")
            @unknown default: (422, "refused")
            }
        let problems = refusal.problems.map { problem -> JSON in
            ["pointer": .string(problem.pointer), "message": .string(problem.message)]
        }
        return EndpointResponse(["error": .string(code), "problems": .array(problems)], status: status)
    }

    var missing: DocumentRefusal {
        DocumentRefusal(.unknown, [DocumentProblem("", "there is no \(kind.rawValue) with this id")])
    }
}
