// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import OutsideText

/// Receives the authorization response at the client's redirect URI (RFC 8252 section 7.3), or as a URL that the user
/// pastes.
final class RedirectListener {
    /// The redirect URI, with the port that the listener has.
    let redirectURI: String
    private let path: String
    private let descriptor: Int32

    /// Listens at a redirect URI; nil if it is not on this machine or its port is in use.
    ///
    /// - Parameters:
    ///   - registered: The redirect URI.
    ///   - mayMove: Whether to use another port if the registered one is in use and the server allows any port
    ///     (RFC 8252 section 7.3).
    init?(_ registered: String, mayMove: Bool) {
        guard let address = try? WebAddress(registered), address.scheme == "http", let host = address.host else {
            return nil
        }
        let name = host.trimmingCharacters(in: ["[", "]"])
        guard let bind = RedirectListener.addresses[name] else { return nil }
        var (descriptor, uri) = (bind(address.port ?? 80), registered)
        // The server compares the scheme byte by byte.
        if descriptor < 0, mayMove, name != "localhost", registered.raw.starts(with: "http:") {
            descriptor = bind(0)
            uri = RedirectListener.port(descriptor).map { "http://\(host):\($0)\(address.rest)" } ?? registered
        }
        guard descriptor >= 0 else { return nil }
        redirectURI = uri
        let path = address.rest.raw.up(to: "?").string
        self.path = path.isEmpty ? "/" : path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    private static let addresses: [String: @Sendable (UInt16) -> Int32] = [
        "127.0.0.1": bind4, "localhost": bind4, "::1": bind6,
    ]

    /// The port that the system chose; IPv4 and IPv6 addresses have it at the same offset.
    private static func port(_ descriptor: Int32) -> Int? {
        // Safe: the system is told the size of the structure and writes no more.
        var address = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let isKnown = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size) == 0
            }
        }
        return isKnown ? Int(UInt16(bigEndian: address.sin6_port)) : nil
    }

    private static func bind4(_ port: UInt16) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return bind(AF_INET, &address)
    }

    private static func bind6(_ port: UInt16) -> Int32 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        return bind(AF_INET6, &address)
    }

    private static func bind<Address>(_ family: Int32, _ address: inout Address) -> Int32 {
        // Safe: the lengths are those of the types.
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        var isReused: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        let size = socklen_t(MemoryLayout<Address>.size)
        let isBound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Foundation.bind(descriptor, $0, size) == 0
            }
        }
        guard isBound, listen(descriptor, 16) == 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    // MARK: waiting

    /// Waits for the response to one request and ignores everything else.
    ///
    /// - Parameters:
    ///   - listener: The listener, if this machine has the redirect URI.
    ///   - state: The `state` of the request; a response with another one is ignored (RFC 9700 section 4.7).
    /// - Returns: The parameters of the response.
    /// - Throws: `Failure` if no response can arrive any more.
    static func wait(_ listener: RedirectListener?, state: String) throws -> Parameters {
        var sources = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        while sources.contains(where: { $0.fd >= 0 }) {
            guard unsafe poll(&sources, nfds_t(sources.count), -1) > 0 else { continue }
            if sources[1].revents != 0, let answer = listener?.receive(state) { return answer }
            guard sources[0].revents != 0 else { continue }
            guard let line = StandardInput.line() else {
                sources[0].fd = -1
                continue
            }
            if line.isEmpty { continue }
            let answer = parameters(of: line)
            if answer["state"] == state { return answer }
            StandardOutput.print(
                "That is not the response to this request: paste the whole URL that the browser was sent to.")
        }
        throw Failure("there is no terminal to paste the response into, and nothing listens at the redirect URI")
    }

    /// Receives one request of a browser; nil unless it carries the response.
    private func receive(_ state: String) -> Parameters? {
        let browser = accept(descriptor, nil, nil)
        guard browser >= 0 else { return nil }
        defer { close(browser) }
        // Browsers open connections that they may never use, so reading times out after one second.
        // Not a 'timeval': which module defines that type depends on what was compiled before.
        var limit = (seconds: Int(1), microseconds: Int(0))
        unsafe setsockopt(browser, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout.size(ofValue: limit)))
        guard let request = RedirectListener.read(browser) else { return nil }
        let words = request.head.raw.up(to: "\r").split(at: " ")
        guard words.count == 3 else { return nil }
        let (target, query) = words[1].cut(at: "?") ?? (words[1], "")
        guard target == path.raw else {
            RedirectListener.answer(browser, "404 Not Found", "<p>There is nothing here.</p>")
            return nil
        }
        let answer = RedirectListener.form(words[0] == "POST" ? request.body.raw : query)
        if answer["state"] == state {
            RedirectListener.answer(browser, "200 OK", "<p>Done. You can go back to the terminal.</p>")
            return answer
        }
        // A fragment stays in the browser until a script of the client sends it on.
        RedirectListener.answer(
            browser, "400 Bad Request",
            """
            <p>This is not the response to the request that the terminal shows.</p>
            \(RedirectListener.script)
            """)
        return nil
    }

    /// Sends the fragment to the listener and removes it from the browser's history.
    private static let script = """
        <script>
        const fragment = location.hash.slice(1)
        if (fragment) {
            history.replaceState(null, "", location.pathname)
            fetch(location.pathname, { method: "POST", body: fragment })
                .then((answer) => answer.text()).then((text) => { document.body.innerHTML = text })
        }
        </script>
        """

    private static func read(_ browser: Int32) -> (head: String, body: String)? {
        // Safe: the system is told the size of the block and writes no more.
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while bytes.count < 262_144 {
            let count = unsafe recv(browser, &block, block.count, 0)
            guard count > 0 else { return nil }
            bytes += block[..<count]
            guard let (head, body) = String(decoding: bytes, as: UTF8.self).raw.cut(at: "\r\n\r\n") else { continue }
            if body.count >= length(head) { return (head.string, body.string) }
        }
        return nil
    }

    /// The length of the body in bytes, from the header fields.
    private static func length(_ head: RawText) -> Int {
        let fields = head.split(at: "\n").compactMap { $0.cut(at: ":") }
        let value = fields.first { $0.before.isWord("content-length") }?.behind
        return value.flatMap { Int($0.up(to: "\r").trimmed().string) } ?? 0
    }

    private static func answer(_ browser: Int32, _ status: String, _ body: String) {
        let page = "<!doctype html><meta charset=\"utf-8\"><title>grantor try</title>\(body)\n"
        let bytes = Array(
            """
            HTTP/1.1 \(status)\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: \(page.utf8.count)\r
            Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n\(page)
            """.utf8)
        unsafe send(browser, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    // MARK: parsing

    /// The parameters of a pasted URL, from its fragment or else its query.
    private static func parameters(of line: String) -> Parameters {
        form(line.raw.cut(at: "#")?.behind ?? line.raw.cut(at: "?")?.behind ?? line.raw)
    }

    private static func form(_ text: RawText) -> Parameters {
        Parameters(
            text.up(to: "\r").trimmed().split(at: "&").map { pair in
                let (name, value) = pair.cut(at: "=") ?? (pair, "")
                return (decode(name), decode(value))
            })
    }

    private static func decode(_ text: RawText) -> String {
        text.replacing("+", with: " ").removingPercentEncoding ?? ""
    }
}
