// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Lists and searches documents, and makes new ones.
///
/// A page begins behind an identifier, not at a number: the store then goes straight to it however deep it lies, and what
/// is made or removed meanwhile neither repeats nor hides anything.
struct DocumentList: ResourceEndpoint {
    /// The most documents of a page.
    static let most: Int64 = 500
    /// From this many bytes of documents on a page ends, so that no answer grows with what others have stored.
    static let largest = 1 << 20
    /// The most documents that are read at once: a document may have 64 KiB.
    private static let batch = 64

    let documents: Documents
    let scope: Scope
    let page: Int64
    let takesJSON = true

    var route: Route { .atRoot(["GET", "POST"], documents.path) }

    var parameters: [ParameterDeclaration] {
        [ParameterDeclaration("_count", longest: 8), ParameterDeclaration("_after", longest: 256)]
            + documents.kind.searches.map { ParameterDeclaration($0, longest: 256) }
    }

    func respond(to request: ResourceRequest) async throws -> EndpointResponse {
        try await documents.refusing(request) {
            request.head.method == "POST" ? try await create(request) : try await list(request.parameters)
        }
    }

    private func create(_ request: ResourceRequest) async throws -> EndpointResponse {
        guard let body = request.body else { throw OAuthError(.invalidRequest, "the request has no document") }
        let change = try await documents.directory.create(body)
        documents.changed(.created, change.entry.id, by: request)
        return documents.answer(change)
    }

    // MARK: reading

    private func list(_ parameters: Parameters) async throws -> EndpointResponse {
        let searches = documents.kind.searches.compactMap { name in parameters[name].map { (name, $0) } }
        guard searches.count <= 1 else {
            throw OAuthError(.invalidRequest, "a list is searched by one parameter at a time")
        }
        if let (name, value) = searches.first { return bundle(try await search(name, value), next: nil) }
        let count = try count(parameters)
        let (shown, isLast) = try await page(after: parameters["_after"], count: Int(count))
        let next = isLast ? nil : shown.last?.id
        return bundle(shown, next: next.map { "?_count=\(count)&_after=\($0.percentEncoded)" })
    }

    /// Reads a page until it has enough documents or bytes; it has one at least, so that each page leads on.
    private func page(after id: String?, count: Int) async throws -> (shown: [DirectoryEntry], isLast: Bool) {
        var (shown, size): ([DirectoryEntry], Int) = ([], 0)
        while true {
            // One more tells whether there is a next page.
            let limit = min(count + 1 - shown.count, DocumentList.batch)
            let found = try await documents.directory.page(after: shown.last?.id ?? id, limit: limit)
            for entry in found {
                guard shown.count < count, size < DocumentList.largest else { return (shown, false) }
                size += entry.document.bytes.count
                shown.append(entry)
            }
            if found.count < limit { return (shown, true) }
        }
    }

    private func search(_ name: String, _ value: String) async throws -> [DirectoryEntry] {
        guard name == "_id" else { return try await documents.directory.search(name, equals: value) }
        return [try await documents.directory.entry(value)].compactMap(\.self)
    }

    private func count(_ parameters: Parameters) throws -> Int64 {
        guard let text = parameters["_count"] else { return page }
        guard let count = Int64(text), (1...DocumentList.most).contains(count) else {
            throw OAuthError(.invalidRequest, "'_count' must be from 1 to \(DocumentList.most)")
        }
        return count
    }

    private func bundle(_ entries: [DirectoryEntry], next: String?) -> EndpointResponse {
        var body: JSON = ["resourceType": "Bundle", "type": "searchset"]
        if let next {
            let address = "\(documents.host.issuer)\(documents.path)\(next)"
            body["link"] = [["relation": "next", "url": .string(address)]]
        }
        body["entry"] = .array(entries.map { ["resource": documents.shown($0)] })
        return EndpointResponse(body)
    }
}
