// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The preconditions of a request (RFC 9110 section 13.1).
struct Precondition {
    /// The value of `If-Match` or `If-None-Match`.
    private enum Tags {
        case any
        case listed([EntityTag])
    }

    let method: String
    private let match: Tags?
    private let noneMatch: Tags?

    init(_ head: RequestHead) throws {
        method = head.method
        match = try Precondition.tags("If-Match", "if-match", head)
        noneMatch = try Precondition.tags("If-None-Match", "if-none-match", head)
    }

    var isEmpty: Bool { match == nil && noneMatch == nil }

    /// Whether it is only that the document exists.
    var takesAnyVersion: Bool {
        if case .any? = match { noneMatch == nil } else { false }
    }

    static let refusal = DocumentRefusal(
        .changed, [DocumentProblem("", "the document's current version does not satisfy If-Match or If-None-Match")])

    /// Whether the document satisfies `If-Match`.
    ///
    /// A weak tag never matches, since it does not promise identical bytes (RFC 9110 section 8.8.3.2).
    func matches(_ entry: DirectoryEntry?) -> Bool {
        switch match {
        case nil: true
        case .any: entry != nil
        case .listed(let tags): tags.contains { !$0.isWeak && $0.names(entry?.version) }
        }
    }

    /// Whether the document satisfies `If-None-Match`; weak tags match like strong ones.
    func isNews(_ entry: DirectoryEntry?) -> Bool {
        switch noneMatch {
        case nil: true
        case .any: entry == nil
        case .listed(let tags): !tags.contains { $0.names(entry?.version) }
        }
    }

    private static func tags(_ name: String, _ field: String, _ head: RequestHead) throws -> Tags? {
        let values = head.headers.filter { $0.name == field }.map { Array($0.value.utf8) }
        guard !values.isEmpty else { return nil }
        let bytes = Array(values.joined(separator: [UInt8(ascii: ",")]))
        if bytes.filter({ !EntityTag.isSpace($0) }) == [UInt8(ascii: "*")] { return .any }
        guard let tags = EntityTag.list(bytes), !tags.isEmpty else {
            throw OAuthError(.invalidRequest, "\(name) must be '*' or a list of entity tags in double quotes")
        }
        return .listed(tags)
    }
}

/// An entity tag (RFC 9110 section 8.8.3).
struct EntityTag {
    let isWeak: Bool
    private let opaque: [UInt8]

    func names(_ version: String?) -> Bool {
        version.map { $0.utf8.elementsEqual(opaque) } ?? false
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Parses a list; nil if it is malformed.
    static func list(_ bytes: [UInt8]) -> [EntityTag]? {
        var tags: [EntityTag] = []
        var rest = bytes[...]
        var needsComma = false
        while let byte = rest.first {
            if byte == UInt8(ascii: ",") {
                rest.removeFirst()
                needsComma = false
            } else if isSpace(byte) {
                rest.removeFirst()
            } else {
                guard !needsComma, let tag = nextTag(from: &rest) else { return nil }
                tags.append(tag)
                needsComma = true
            }
        }
        return tags
    }

    private static func nextTag(from rest: inout ArraySlice<UInt8>) -> EntityTag? {
        let isWeak = rest.starts(with: Array("W/".utf8))
        if isWeak { rest.removeFirst(2) }
        let quote = UInt8(ascii: "\"")
        guard rest.first == quote else { return nil }
        rest.removeFirst()
        guard let end = rest.firstIndex(of: quote), rest[..<end].allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            return nil
        }
        let tag = EntityTag(isWeak: isWeak, opaque: Array(rest[..<end]))
        rest = rest[rest.index(after: end)...]
        return tag
    }
}
