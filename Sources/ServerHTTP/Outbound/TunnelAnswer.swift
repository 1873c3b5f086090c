// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The answer of a proxy to a request for a tunnel (RFC 9112 section 4).
///
/// Only the status matters: header fields of a successful answer have no meaning here (RFC 9110 section 9.3.6).
struct TunnelAnswer: Equatable {
    /// The most bytes of an answer.
    static let longest = 8192

    let status: Int
    /// The number of bytes after the header section.
    let rest: Int

    /// Parses an answer; nil if it is not complete yet.
    ///
    /// - Throws: `OutboundError` if it is too long or no answer of HTTP/1.
    init?(_ bytes: [UInt8]) throws {
        guard zip(bytes, "HTTP/1.".utf8).allSatisfy({ $0 == $1 }) else {
            throw OutboundError("the proxy does not answer with HTTP/1.1")
        }
        guard let end = bytes.prefix(TunnelAnswer.longest).firstRange(of: [0x0D, 0x0A, 0x0D, 0x0A]) else {
            guard bytes.count < TunnelAnswer.longest else {
                throw OutboundError("the proxy's answer has more than \(TunnelAnswer.longest) bytes")
            }
            return nil
        }
        guard let status = TunnelAnswer.status(bytes[..<end.lowerBound]) else {
            throw OutboundError("the proxy does not answer with HTTP/1.1")
        }
        self.status = status
        rest = bytes.count - end.upperBound
    }

    /// The status in a line such as `HTTP/1.1 200 Connection established`.
    private static func status(_ head: ArraySlice<UInt8>) -> Int? {
        let words = head.prefix { $0 != 0x0D }.split(
            separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count > 1, words[0].count == 8, words[1].count == 3 else { return nil }
        guard (words[0].suffix(1) + words[1]).allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int(String(decoding: words[1], as: UTF8.self))
    }
}
