// SPDX-License-Identifier: Apache-2.0

import GrantKit
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

    /// Converts the parser's error.
    init(_ error: HTTPParserError) {
        self = error == .headerOverflow ? .headersTooLarge : .unreadable(error.reason)
    }

    /// Checks the hosts that a request names; nil if nothing is wrong.
    ///
    /// HTTP/1.0 needs no host (RFC 9112 section 3.2). A server for development shows its errors. A browser on this
    /// machine must not read them for a page whose host name leads here.
    init?(_ head: RequestHead, isHTTP10: Bool, isDevelopment: Bool) {
        let hosts = head.headers.lazy.filter { $0.name == "host" }.map(\.value)
        let host = hosts.first ?? (isHTTP10 ? "unknown" : "")
        if hosts.count > 1 {
            self = .severalHosts
        } else if !RequestRefusal.isAuthority(host) {
            self = .noHost
        } else if isDevelopment, !RequestRefusal.isThisMachine(host) {
            self = .foreignHost
        } else {
            return nil
        }
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
        case .paused: "HTTP/2 is served over TLS only, if the handshake negotiates it"
        case .strictModeAssertion: "a line or a chunk does not end where it must"
        case .unknown: "its Transfer-Encoding does not tell where it ends, or a trailer changes that"
        default: "\(self)"
        }
    }
}
