// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Shows, replaces, patches and deletes one document.
struct DocumentItem: Endpoint {
    /// How often a change is tried if other requests keep changing the document.
    private static let retries = 4

    let documents: Documents
    let admission: Admission<Bearer>
    let body = Documents.body

    var route: Route { Route(["GET", "PUT", "PATCH", "DELETE"], "\(documents.path)/{id}", below: .issuer) }

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        let id = try request.variables.required("id")
        return try await documents.refusing(request) {
            let condition = try Precondition(request.head)
            switch request.head.method {
            case "PUT":
                let document = try document(of: request)
                return try await change(id, condition) { _, state in try await replace(id, document, state) }
            case "PATCH": return try await patch(id, try document(of: request), condition)
            case "DELETE": return try await change(id, condition) { _, state in try await delete(id, state) }
            default: return try await show(id, condition)
            }
        }
    }

    private func document(of request: EndpointRequest<Bearer>) throws -> JSON {
        guard let document = request.document else {
            throw OAuthError(.invalidRequest, "the request has no document")
        }
        return document
    }

    private func show(_ id: String, _ condition: Precondition) async throws -> EndpointResponse {
        guard let entry = try await documents.directory.entry(id) else { throw documents.missing }
        guard condition.matches(entry) else { throw Precondition.refusal }
        guard condition.isNews(entry) else {
            var response = EndpointResponse(nil, status: 304)
            response.headers["ETag"] = entry.version.map { "\"\($0)\"" }
            return response
        }
        return documents.answer(entry)
    }

    // MARK: changing

    /// Changes a version for which the conditions hold, and tries again if another change was faster.
    private func change(
        _ id: String, _ condition: Precondition, readsFirst: Bool = false,
        _ body: (DirectoryEntry?, DirectoryCondition) async throws -> EndpointResponse
    ) async throws -> EndpointResponse {
        if condition.isEmpty, !readsFirst { return try await body(nil, .any) }
        for _ in 0..<DocumentItem.retries {
            let entry = try await documents.directory.entry(id)
            // A request that would be refused without conditions is refused for the same reason with them (RFC 9110
            // section 13.2.1).
            if let entry, entry.isDeclared { return try await body(entry, .any) }
            if entry == nil, condition.method != "PUT" {
                // A document that was deleted meanwhile does not match the version that was to be deleted.
                if condition.method == "DELETE", !condition.matches(nil) { throw Precondition.refusal }
                throw documents.missing
            }
            guard condition.matches(entry), condition.isNews(entry) else { throw Precondition.refusal }
            do {
                return try await body(entry, state(of: entry, readsFirst ? nil : condition))
            } catch let refusal as DocumentRefusal where refusal.kind == .changed || refusal.kind == .taken {
                // Trying again does not help if the name belongs to another document.
                if refusal.kind == .taken {
                    guard entry == nil, try await documents.directory.entry(id) != nil else { throw refusal }
                }
            }
        }
        throw OAuthError(.temporarilyUnavailable, "other requests keep changing this document; try again")
    }

    /// The state that a document must be in for a change: the one that was read, unless the client takes any version.
    private func state(of entry: DirectoryEntry?, _ condition: Precondition?) -> DirectoryCondition {
        if let condition, condition.takesAnyVersion { return .exists }
        return entry?.version.map { .version([$0]) } ?? .absent
    }

    private func replace(
        _ id: String, _ document: JSON, _ state: DirectoryCondition
    ) async throws -> EndpointResponse {
        documents.answer(try await documents.directory.replace(id, with: document, if: state))
    }

    /// Applies a merge patch (RFC 7396): omitted members stay, `null` removes one.
    private func patch(
        _ id: String, _ patch: JSON, _ condition: Precondition
    ) async throws -> EndpointResponse {
        guard case .object = patch else { throw OAuthError(.invalidRequest, "a patch must be a JSON object") }
        return try await change(id, condition, readsFirst: true) { entry, state in
            guard let entry else { throw documents.missing }
            var merged = MergePatch.apply(patch, to: entry.document)
            // The document never shows these, so only the patch tells whether they are omitted or removed.
            for name in ["secret", "password"] { merged[name] = patch[name] }
            return try await replace(id, merged, state)
        }
    }

    private func delete(_ id: String, _ state: DirectoryCondition) async throws -> EndpointResponse {
        let entry = try await documents.directory.delete(id, if: state)
        var response = documents.answer(entry)
        response.headers["ETag"] = nil
        return response
    }
}

/// Merges a patch into a document (RFC 7396 section 2).
enum MergePatch {
    static func apply(_ patch: JSON, to target: JSON) -> JSON {
        guard case .object(let members) = patch else { return patch }
        var merged = target
        if case .object = target {} else { merged = [:] }
        for member in members {
            merged[member.name] =
                member.value == .null ? nil : apply(member.value, to: merged[member.name] ?? .null)
        }
        return merged
    }
}
