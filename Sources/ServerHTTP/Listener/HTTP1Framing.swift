// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import OutsideText

/// What the headers of a request of HTTP/1 say of where it ends (RFC 9112 section 6).
struct HTTP1Framing {
    /// The request has a coding that is not read, so nobody knows what its body is.
    static let unknownCoding = "unknown-coding"
    /// The request is of a version that has no codings, so that others may see its end elsewhere (section 6.1).
    static let codingOfOlderVersion = "coding-of-older-version"

    /// How long the body is, if that is known.
    private(set) var length = 0
    /// Whether what follows is not HTTP/1 any more, to the parser at least (RFC 9110 sections 7.8 and 9.3.6).
    private(set) var isLast: Bool
    /// Why the request cannot be read, or nil.
    private(set) var fault: String?

    private var hasCoding = false

    init(_ head: HTTPRequestHead) {
        isLast = head.method == .CONNECT
        for (name, value) in head.headers {
            // Most have another length, which is quicker to see.
            switch name.utf8.count {
            case 7 where name.raw.isWord("upgrade"): isLast = true
            case 14 where name.raw.isWord("content-length"): length = max(0, Int(value) ?? 0)
            case 17 where name.raw.isWord("transfer-encoding"): note(value, head.version)
            default: break
            }
        }
    }

    private mutating func note(_ coding: String, _ version: HTTPVersion) {
        if version == .http1_0 {
            fault = HTTP1Framing.codingOfOlderVersion
        } else if hasCoding || !coding.raw.isWord("chunked") {
            fault = HTTP1Framing.unknownCoding
        }
        hasCoding = true
    }
}
