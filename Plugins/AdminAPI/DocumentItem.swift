// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Shows, replaces, patches and removes one document.
struct DocumentItem: ResourceEndpoint {
    /// How often a patch without a condition is tried again when another change was faster.
    private static let retries = 4

    let documents: Documents
    let scope: Scope
    let takesJSON = true

    var route: Route { .atRoot(["GET", "PUT", "PATCH", "DELETE"], "\(documents.path)/{id}") }

    func respond(to request: ResourceRequest) async throws -> EndpointResponse {
        guard let id = request.segment else { throw OAuthError(.serverError, reason: "the route has no segment") }
        return try await documents.refusing(request) {
            let condition = try Precondition.read(request.head)
            switch request.head.method {
            case "PUT": return try await replace(id, try body(request), condition, request)
            case "PATCH": return try await patch(id, try body(request), condition, request)
            case "DELETE": return try await delete(id, condition, request)
            default: return try await show(id)
            }
        }
    }

    private func body(_ request: ResourceRequest) throws -> JSON {
        guard let body = request.body else { throw OAuthError(.invalidRequest, "the request has no document") }
        return body
    }

    private func show(_ id: String) async throws -> EndpointResponse {
        guard let entry = try await documents.directory.entry(id) else { throw documents.missing }
        return documents.answer(entry)
    }

    private func replace(
        _ id: String, _ document: JSON, _ condition: DirectoryCondition, _ request: ResourceRequest
    ) async throws -> EndpointResponse {
        let change = try await documents.directory.replace(id, with: document, if: condition)
        documents.changed(change.isNew ? .created : .replaced, id, by: request)
        return documents.answer(change)
    }

    /// RFC 7396: what is left out stays, `null` removes.
    private func patch(
        _ id: String, _ patch: JSON, _ condition: DirectoryCondition, _ request: ResourceRequest
    ) async throws -> EndpointResponse {
        guard case .object = patch else { throw OAuthError(.invalidRequest, "a patch must be an object") }
        for attempt in 1...DocumentItem.retries {
            guard let entry = try await documents.directory.entry(id) else { throw documents.missing }
            var merged = MergePatch.apply(patch, to: entry.document)
            // These are never shown, so leaving them out and removing them are told apart by the patch alone.
            for name in ["secret", "password"] { merged[name] = patch[name] }
            do {
                if case .version(let known) = condition, entry.version.map(known.contains) != true {
                    throw DocumentRefusal(.changed, [DocumentProblem("", "it is in another state than If-Match names")])
                }
                let state = entry.version.map { DirectoryCondition.version([$0]) } ?? condition
                let change = try await documents.directory.replace(id, with: merged, if: state)
                documents.changed(.replaced, id, by: request)
                return documents.answer(change)
            } catch let refusal as DocumentRefusal where refusal.kind == .changed {
                if case .version = condition { throw refusal }
                if attempt == DocumentItem.retries { throw OAuthError(.temporarilyUnavailable, "others were faster") }
            }
        }
        throw documents.missing
    }

    private func delete(
        _ id: String, _ condition: DirectoryCondition, _ request: ResourceRequest
    ) async throws -> EndpointResponse {
        let entry = try await documents.directory.delete(id, if: condition)
        documents.changed(.deleted, id, by: request)
        var response = documents.answer(entry)
        response.headers["ETag"] = nil
        return response
    }
}

/// Reads what a change must find (RFC 9110 section 13.1).
enum Precondition {
    static func read(_ head: RequestHead) throws -> DirectoryCondition {
        let match = values("if-match", head)
        let none = values("if-none-match", head)
        if head.method == "GET" { return .any }
        guard match.isEmpty || none.isEmpty else {
            throw OAuthError(.invalidRequest, "If-Match and If-None-Match exclude each other")
        }
        if !none.isEmpty {
            guard none == ["*"] else { throw OAuthError(.invalidRequest, "If-None-Match must be '*' here") }
            return .absent
        }
        if match == ["*"] { return .exists }
        // A weak tag never fits: it does not say that the document is the same byte for byte (section 8.8.3.2).
        return match.isEmpty ? .any : .version(match.compactMap(strong))
    }

    private static func values(_ name: String, _ head: RequestHead) -> [String] {
        head.headers.filter { $0.name == name }.flatMap { $0.value.split(separator: ",") }.map { part in
            let text = part.drop { $0 == " " }
            return String(text.prefix(text.count - text.reversed().prefix { $0 == " " }.count))
        }
    }

    private static func strong(_ tag: String) -> String? {
        guard tag.utf8.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\"") else { return nil }
        return String(tag.dropFirst().dropLast())
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
