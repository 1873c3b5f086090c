// SPDX-License-Identifier: Apache-2.0

import GrantKit
import NIOHTTP1
import OutsideText

extension RequestHead {
    /// What is known of a request whose head cannot be read.
    static let unreadable = RequestHead(method: "GET", path: "/")

    /// Creates a head from a parsed one.
    ///
    /// - Parameters:
    ///   - head: The parsed head.
    ///   - peer: The other end of the connection.
    ///   - addresses: Finds the client's address behind proxies.
    init(_ head: HTTPRequestHead, peer: ClientAddress.Peer, _ addresses: ClientAddress) {
        let isStream = head.version.major > 1
        var headers: [(name: String, value: String)] = []
        headers.reserveCapacity(head.headers.count)
        for (name, value) in head.headers {
            let name = HeaderField.lowercased(name)
            // No HTTP/2 client may send it, but the codec adds it.
            if isStream, name == "transfer-encoding" { continue }
            headers.append((name, HeaderField.trimmed(value)))
        }
        let target = head.uri.raw
        let parts = target.cut(at: "?" as Unicode.Scalar)
        self.init(
            method: head.method.rawValue, path: RequestHead.path(of: parts?.before ?? target),
            query: parts?.behind.string, headers: headers, address: addresses.find(peer, headers),
            id: RequestID.next())
    }

    /// The path of a request target without its query; in absolute form it follows the host (RFC 9112 section 3.2.2).
    private static func path(of target: RawText) -> String {
        guard !target.starts(with: "/"), let (_, behind) = target.cut(at: "://") else { return target.string }
        let path = behind.bytes.drop { $0 != UInt8(ascii: "/") }
        return path.isEmpty ? "/" : RawText(path).string
    }
}
