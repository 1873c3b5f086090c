// SPDX-License-Identifier: Apache-2.0

import GrantKit
import HTTPTypes
import NIOHTTP1
import OutsideText

/// The reason why the transport refuses a request before it reaches an endpoint.
enum RequestRefusal: Error {
    /// The request has no host or an invalid one.
    case noHost
    /// The request has more than one host (RFC 9112 section 3.2, RFC 9113 section 8.3.1).
    case severalHosts
    /// The request is for another host, and the server is for development on this machine only.
    case foreignHost
    case bodyTooLarge
    case bodyTooSlow
    /// The request line or the header section is too large.
    case headersTooLarge
    /// The request is not valid HTTP/1.1, with the parser's reason.
    case unreadable(String)
    /// The request is HTTP/1.0 and has a `Transfer-Encoding`.
    case codingOfOlderVersion
    /// The request has a `Transfer-Encoding` other than `chunked`.
    case unknownCoding

    private init(unreadable reason: String) {
        switch reason {
        case HTTPParserError.headerOverflow.reason: self = .headersTooLarge
        case HTTP1Framing.codingOfOlderVersion: self = .codingOfOlderVersion
        case HTTP1Framing.unknownCoding: self = .unknownCoding
        default: self = .unreadable(reason)
        }
    }

    /// Checks a request before its body is read; nil if nothing is wrong.
    ///
    /// For HTTP/1, the library uses the first `Host` as the authority and leaves further ones in place. HTTP/2 has a
    /// separate authority, and may have a `Host` with the same value.
    ///
    /// A server for development shows its errors. A browser on this machine must not read them for a page whose host
    /// name leads here.
    init?(_ request: HTTPRequest, _ head: RequestHead, isStream: Bool, isDevelopment: Bool) {
        let hosts = head.headers.lazy.filter { $0.name == "host" }.map(\.value)
        let authority = request.authority ?? (isStream ? hosts.first : nil) ?? ""
        if let reason = head[header: HTTP1RequestHandler.unreadable] {
            self.init(unreadable: reason)
        } else if isStream ? hosts.contains(where: { !RequestRefusal.isSame($0, authority) }) : !hosts.isEmpty {
            self = .severalHosts
        } else if !RequestRefusal.isAuthority(authority) {
            self = .noHost
        } else if isDevelopment, !RequestRefusal.isThisMachine(authority) {
            self = .foreignHost
        } else {
            return nil
        }
    }

    private static func isSame(_ host: String, _ authority: String) -> Bool {
        host.utf8.count == authority.utf8.count
            && zip(host.utf8, authority.utf8).allSatisfy { ASCII.lowercase($0) == ASCII.lowercase($1) }
    }

    private static func isThisMachine(_ authority: String) -> Bool {
        (try? WebAddress("http://\(authority)/"))?.isOnThisMachine ?? false
    }

    /// Whether a string can be a host with an optional port (RFC 3986 section 3.2.2).
    private static func isAuthority(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                ASCII.isLetterOrDigit(byte) || isAuthorityMark(byte)
            }
    }

    private static func isAuthorityMark(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "$")...UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: ";"),
            UInt8(ascii: "="), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Whether the client has sent bytes that are not read as a request.
    var leavesBytes: Bool {
        switch self {
        case .headersTooLarge, .unreadable, .codingOfOlderVersion, .unknownCoding: true
        case .noHost, .severalHosts, .foreignHost, .bodyTooLarge, .bodyTooSlow: false
        }
    }

    /// The HTTP status.
    var status: Int {
        switch self {
        case .noHost, .severalHosts, .unreadable, .codingOfOlderVersion: 400
        case .bodyTooSlow: 408
        case .bodyTooLarge: 413
        case .foreignHost: 421
        case .headersTooLarge: 431
        case .unknownCoding: 501
        }
    }

    /// What is wrong, for the developer of the client.
    var description: String {
        switch self {
        case .noHost: "the request has no host"
        case .severalHosts: "the request has more than one host"
        case .foreignHost: "with '--development', only requests to this machine are served: use localhost or 127.0.0.1"
        case .bodyTooLarge: "the body is larger than \(RequestLimit.body) bytes"
        case .bodyTooSlow: "the body did not arrive in time"
        case .headersTooLarge:
            "the URL or a header field is longer than \(RequestLimit.headerField) bytes, all header fields together "
                + "are longer than \(RequestLimit.headers) bytes, or there are more than \(RequestLimit.headerCount)"
        case .codingOfOlderVersion: "an HTTP/1.0 request must not have a Transfer-Encoding; send a Content-Length"
        case .unknownCoding: "Transfer-Encoding must be 'chunked'; no other coding is supported"
        case .unreadable(let reason): "the request is not valid HTTP/1.1: \(reason)"
        }
    }
}

extension HTTPParserError {
    /// The reason, with words of our own where the parser's say nothing.
    var reason: String {
        switch self {
        case .strictModeAssertion: "a line or a chunk does not end where it must"
        case .unknown: "its Transfer-Encoding does not tell where it ends, or a trailer changes that"
        default: "\(self)"
        }
    }
}
