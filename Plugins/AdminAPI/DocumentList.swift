// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Lists and searches documents, and creates new ones.
///
/// A page begins after an id, not at an index: the store can go straight there at any depth, and documents that are
/// created or deleted meanwhile do not make others appear twice or not at all.
struct DocumentList: Endpoint {
    /// The maximum number of documents on a page.
    static let most: Int64 = 500
    /// The number of bytes after which a page ends, so that large documents do not make responses too large.
    static let largest = 1 << 20
    /// The maximum number of documents read at once; a document may have 64 KiB.
    private static let batch = 64

    let documents: Documents
    let admission: Admission<Bearer>
    let page: Int64
    let body = Documents.body

    var route: Route { Route(["GET", "POST"], documents.path, below: .issuer) }

    var parameters: [ParameterDeclaration] {
        [ParameterDeclaration("_count", longest: 8), ParameterDeclaration("_after", longest: 256)]
            + documents.kind.searches.map { ParameterDeclaration($0, longest: 256) }
    }

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        try await documents.refusing(request) {
            request.head.method == "POST" ? try await create(request) : try await list(request.parameters)
        }
    }

    private func create(_ request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        guard let document = request.document else {
            throw OAuthError(.invalidRequest, "the request has no document")
        }
        return documents.answer(try await documents.directory.create(document))
    }

    // MARK: reading

    private func list(_ parameters: Parameters) async throws -> EndpointResponse {
        let searches = documents.kind.searches.compactMap { name in parameters[name].map { (name, $0) } }
        guard searches.count <= 1 else {
            throw OAuthError(.invalidRequest, "only one search parameter is allowed")
        }
        if let (name, value) = searches.first { return bundle(try await search(name, value), next: nil) }
        let count = try count(parameters)
        let (shown, isLast) = try await page(after: parameters["_after"], count: Int(count))
        let next = isLast ? nil : shown.last?.id
        return bundle(shown, next: next.map { "?_count=\(count)&_after=\($0.percentEncoded)" })
    }

    /// Reads a page until it has enough documents or bytes; it has at least one, so that every page leads to the next.
    private func page(after id: String?, count: Int) async throws -> (shown: [DirectoryEntry], isLast: Bool) {
        var (shown, size): ([DirectoryEntry], Int) = ([], 0)
        while true {
            // Reading one more shows whether there is a next page.
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
