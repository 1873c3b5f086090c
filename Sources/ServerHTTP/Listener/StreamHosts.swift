// SPDX-License-Identifier: Apache-2.0

import GrantKit
import NIOCore
import NIOHPACK
import NIOHTTP2
import OutsideText

/// Turns the authority of an HTTP/2 request and its `Host` header fields into one list of hosts (RFC 9113 section 8.3.1).
///
/// The codec behind it passes on the authority only if there is no `Host`, and needs an authority.
final class StreamHostsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .headers(var content) = unwrapInboundIn(data), StreamHostsHandler.gather(&content.headers) else {
            return context.fireChannelRead(data)
        }
        context.fireChannelRead(wrapInboundOut(.headers(content)))
    }

    /// Leaves only the hosts that differ from each other.
    ///
    /// - Parameter headers: The header section.
    /// - Returns: Whether the header section has changed.
    static func gather(_ headers: inout HPACKHeaders) -> Bool {
        // Trailers have no method.
        guard headers.contains(name: ":method") else { return false }
        let authority = headers.first(name: ":authority")
        let hosts = headers["host"]
        if authority != nil, hosts.isEmpty { return false }
        headers.remove(name: "host")
        let first = authority ?? hosts.first ?? ""
        if authority == nil { headers.add(name: ":authority", value: first) }
        let others = hosts.filter { !$0.raw.isWord(first) }
        if !others.isEmpty { headers.add(contentsOf: ([first] + others).map { ("host", $0) }) }
        return true
    }
}
