// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import OutsideText

/// The end of an HTTP/1 request as its header fields declare it (RFC 9112 section 6).
struct HTTP1Framing {
    /// The length of the body, if it is declared.
    private(set) var length = 0
    /// Whether the parser takes what follows for another protocol (RFC 9110 sections 7.8 and 9.3.6).
    private(set) var isLast: Bool
    /// The reason why the request cannot be read; nil if it can.
    private(set) var fault: RequestRefusal?

    private var hasCoding = false

    init(_ head: HTTPRequestHead) {
        isLast = head.method == .CONNECT
        for (name, value) in head.headers {
            // Comparing lengths first is faster, since most names have another length.
            switch name.utf8.count {
            case 7 where name.raw.isWord("upgrade"): isLast = true
            case 14 where name.raw.isWord("content-length"): length = HeaderField.number(value) ?? 0
            case 17 where name.raw.isWord("transfer-encoding"): note(value, head.version)
            default: break
            }
        }
    }

    private mutating func note(_ coding: String, _ version: HTTPVersion) {
        if version == .http1_0 {
            // Other servers may see its end elsewhere (RFC 9112 section 6.1).
            fault = .codingOfOlderVersion
        } else if hasCoding || !coding.raw.isWord("chunked") {
            fault = .unknownCoding
        }
        hasCoding = true
    }
}
