// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

extension DocumentProblem {
    /// The problem as an API tells it: a JSON Pointer (RFC 6901) and a sentence with what to do.
    init(_ problem: ConfigurationProblem) {
        let pointer = problem.path.map { step in
            switch step {
            case .key(let name): "/" + name.raw.replacing("~", with: "~0").raw.replacing("/", with: "~1")
            case .element(let number): "/\(number)"
            }
        }.joined()
        self.init(pointer, problem.line)
    }
}

extension ConfigurationProblem {
    /// Message and note in one sentence.
    var line: String {
        switch note {
        case .text(let text): "\(message): \(text)"
        case .candidates(_, let names) where (1...20).contains(Set(names).count):
            "\(message); known are \(Set(names).sorted().joined(separator: ", "))"
        default: message
        }
    }
}

extension DocumentRefusal {
    init(_ kind: Kind, at pointer: String = "", _ message: String) {
        self.init(kind, [DocumentProblem(pointer, message)])
    }

    /// The refusal of a document with these problems, if one of them is an error.
    init?(_ problems: [ConfigurationProblem]) {
        let errors = problems.filter { $0.severity == .error }
        guard !errors.isEmpty else { return nil }
        self.init(.invalid, errors.map(DocumentProblem.init))
    }
}

extension DirectoryCondition {
    /// Whether a retry may find it true again, so that who lost a race need not hear of it.
    var isAboutOneState: Bool {
        if case .version = self { true } else { false }
    }

    /// - Throws: `DocumentRefusal` if the state of what there is does not fit.
    func check(_ version: String?) throws {
        let holds =
            switch self {
            case .any: true
            case .exists: version != nil
            case .absent: version == nil
            case .version(let known): version.map(known.contains) ?? false
            @unknown default: false
            }
        guard holds else {
            throw DocumentRefusal(
                .changed,
                version == nil ? "there is none of this id" : "it is in another state than the condition names")
        }
    }
}

/// What both kinds of stored documents share.
enum StoredDocuments {
    /// How often a change is tried again when another one was faster.
    static let retries = 4
    /// Marks what is being removed: a removal under a condition takes two writes.
    static let removed = "removed"

    static func isRemoved(_ record: StoreRecord) -> Bool { record.value[removed] == true }

    /// The document that is kept of one that was sent.
    ///
    /// - Throws: `DocumentRefusal` if it is no object, another kind of document or has another id.
    static func normal(_ document: JSON, id: String?, type: String) throws -> JSON {
        guard case .object(let members) = document else {
            throw DocumentRefusal(.invalid, "the document must be an object")
        }
        if let other = document["resourceType"], other != .string(type) {
            throw DocumentRefusal(.invalid, at: "/resourceType", "'resourceType' must be '\(type)' here")
        }
        if let id, let other = document["id"], other != .string(id) {
            throw DocumentRefusal(.invalid, at: "/id", "'id' must be '\(id)', which the path names")
        }
        var kept = JSON.object(members.filter { $0.name != "resourceType" && $0.value != .null })
        if let id, kept["id"] == nil { kept = .object([.init("id", .string(id))] + kept.members) }
        return kept
    }

    /// The next page of what is declared and what is stored, as one list.
    static func page(
        declared: [(id: String, document: JSON)], stored: [DirectoryEntry], after: String?, limit: Int
    ) -> [DirectoryEntry] {
        let others = declared.filter { entry in after.map { precedes($0, entry.id) } ?? true }
            .map { DirectoryEntry(id: $0.id, document: $0.document, version: nil) }
        return Array((stored + others).sorted { precedes($0.id, $1.id) }.prefix(limit))
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// A page of the records of a kind, those that are being removed left out.
    static func records(
        _ store: any Store, _ collection: StoreCollection, kind: String, after: String?, limit: Int
    ) async throws -> [StoreRecord] {
        var found: [StoreRecord] = []
        var last = after.map { StoreKey(collection.name, $0) }
        while found.count < limit {
            let page = try await store.find(
                collection.name, by: "kind", equals: kind, after: last, limit: limit - found.count)
            found += page.filter { !isRemoved($0) }
            guard page.count > 0, found.count < limit else { break }
            last = page.last?.key
        }
        return found
    }

    /// Removes a record that still has its version, and what stands beside it.
    ///
    /// - Returns: Whether nobody was faster.
    static func remove(_ record: StoreRecord, ended value: JSON, beside: [StoreKey], in store: any Store) async throws
        -> Bool
    {
        var marked = record
        marked.value = value
        marked.value[removed] = true
        guard try await store.write([.replace(marked, ifVersion: record.version)]) == .committed else { return false }
        _ = try await store.write(([record.key] + beside).map { .delete($0) })
        return true
    }
}
