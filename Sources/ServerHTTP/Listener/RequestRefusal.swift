// SPDX-License-Identifier: Apache-2.0

import GrantKit
import HTTPTypes
import NIOHTTP1

/// Why a request is answered by the transport alone.
enum RequestRefusal: Error {
    /// It names no host, or one that is none.
    case noHost
    /// It names more than one host (RFC 9112 section 3.2, RFC 9113 section 8.3.1).
    case severalHosts
    case bodyTooLarge
    case bodyTooSlow
    /// It is larger than what is read of a request before its body.
    case headersTooLarge
    /// It is no request of HTTP/1.1; the reason is the parser's.
    case unreadable(String)
    /// It is of HTTP/1.0 and has a `Transfer-Encoding`.
    case codingOfOlderVersion
    /// It has another `Transfer-Encoding` than "chunked".
    case unknownCoding

    private init(unreadable reason: String) {
        switch reason {
        case HTTPParserError.headerOverflow.reason: self = .headersTooLarge
        case HTTP1Framing.codingOfOlderVersion: self = .codingOfOlderVersion
        case HTTP1Framing.unknownCoding: self = .unknownCoding
        default: self = .unreadable(reason)
        }
    }

    /// What is wrong with a request before its body is read, or nil.
    ///
    /// The library takes the first `Host` of HTTP/1 for the authority and leaves further ones in place, while HTTP/2 has
    /// an authority of its own and may have a `Host` that says the same.
    init?(_ request: HTTPRequest, _ head: RequestHead, isStream: Bool) {
        let hosts = head.headers.lazy.filter { $0.name == "host" }.map(\.value)
        let authority = request.authority ?? (isStream ? hosts.first : nil) ?? ""
        if let reason = head[header: HTTP1RequestHandler.unreadable] {
            self.init(unreadable: reason)
        } else if isStream ? hosts.contains(where: { !RequestRefusal.isSame($0, authority) }) : !hosts.isEmpty {
            self = .severalHosts
        } else if !RequestRefusal.isAuthority(authority) {
            self = .noHost
        } else {
            return nil
        }
    }

    private static func isSame(_ host: String, _ authority: String) -> Bool {
        host.utf8.count == authority.utf8.count
            && zip(host.utf8, authority.utf8).allSatisfy { ASCII.lowercase($0) == ASCII.lowercase($1) }
    }

    /// Whether it can be host and port (RFC 3986 section 3.2.2).
    private static func isAuthority(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                ASCII.isLetterOrDigit(byte) || authorityMarks.contains(byte)
            }
    }

    private static let authorityMarks = Set("-._~!$&'()*+,;=%:[]".utf8)

    /// Whether bytes of the client are left that nobody reads as a request.
    var leavesBytes: Bool {
        switch self {
        case .headersTooLarge, .unreadable, .codingOfOlderVersion, .unknownCoding: true
        case .noHost, .severalHosts, .bodyTooLarge, .bodyTooSlow: false
        }
    }

    /// The HTTP status.
    var status: Int {
        switch self {
        case .noHost, .severalHosts, .unreadable, .codingOfOlderVersion: 400
        case .bodyTooSlow: 408
        case .bodyTooLarge: 413
        case .headersTooLarge: 431
        case .unknownCoding: 501
        }
    }

    /// What is wrong, for the author of the client.
    var description: String {
        switch self {
        case .noHost: "the request names no host"
        case .severalHosts: "the request names more than one host"
        case .bodyTooLarge: "the body is larger than \(RequestLimit.body) bytes"
        case .bodyTooSlow: "the body did not arrive in time"
        case .headersTooLarge:
            "the address or a header is longer than \(RequestLimit.headerField) bytes, all headers together are longer "
                + "than \(RequestLimit.headers), or there are more than \(RequestLimit.headerCount)"
        case .codingOfOlderVersion: "a request of HTTP/1.0 has no Transfer-Encoding; send a Content-Length"
        case .unknownCoding: "the Transfer-Encoding is not 'chunked' alone, and no other one is read"
        case .unreadable(let reason): "the request is not valid HTTP/1.1: \(reason)"
        }
    }
}

extension HTTPParserError {
    /// What is wrong, also where the parser has no words for it.
    var reason: String {
        switch self {
        case .strictModeAssertion: "a line or a chunk does not end where it has to"
        case .unknown: "where it ends cannot be told from its Transfer-Encoding, or a trailer changes that"
        default: "\(self)"
        }
    }
}
