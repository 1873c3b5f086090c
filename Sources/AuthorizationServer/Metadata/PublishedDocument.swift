// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// A cacheable document, encoded once, with its entity tag.
struct PublishedDocument: Sendable {
    private let bytes: [UInt8]
    private let tag: String
    private let cache: Duration

    /// Encodes a document.
    ///
    /// - Parameters:
    ///   - document: The document.
    ///   - cache: How long caches may keep it.
    ///   - digest: Computes the entity tag.
    init(_ document: JSON, cache: Duration = .seconds(300), digest: (String) -> String) {
        self.cache = cache
        bytes = document.bytes
        tag = "\"\(digest(document.text))\""
    }

    func response(to head: RequestHead) -> ServerResponse {
        let headers: [(name: String, value: String)] = [
            ("etag", tag), ("cache-control", "public, max-age=\(cache.components.seconds)"),
        ]
        let known = (head[header: "if-none-match"] ?? "").raw.split(at: ",").map { $0.trimmed() }
        if known.contains(where: { $0 == tag.raw || $0 == "W/\(tag)".raw || $0 == "*" }) {
            return ServerResponse(status: 304, headers: headers)
        }
        return ServerResponse(status: 200, headers: headers + [("content-type", "application/json")], body: bytes)
    }
}
