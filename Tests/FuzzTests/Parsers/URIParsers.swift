// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit

@testable import AuthorizationServer
@testable import Logout
@testable import ServerHTTP

/// The parsers of URLs.
let uriParsers = [
    FuzzedParser("redirect-uri", checkRedirectURI),
    FuzzedParser("web-address", checkWebAddress),
    FuzzedParser("outbound-target", checkTarget),
]

/// An accepted URI is harmless in a header field, matches itself, and has the same host for other parsers.
@Sendable private func checkRedirectURI(_ bytes: [UInt8]) throws {
    let text = string(bytes)
    guard let uri = try? RedirectURI(text) else { return }
    try expect(isSame(uri.text, text) && uri.accepts(uri), "a URI does not accept itself")
    try checkPlain(text)
    let source = uri.policySource ?? ""
    try expect(
        !source.utf8.contains { [0x20, 0x22, 0x27, 0x2C, 0x3B].contains($0) },
        "a URI's source ends a directive of the policy")
    if let host = uri.host {
        let read = URLComponents(string: text)?.encodedHost ?? ""
        try expect(isSame(read.lowercased(), host), "the host is \(host), and others read \(read)")
    }
    try checkAdding(uri)
}

/// Refuses control characters, spaces, quotation marks, angle brackets and fragments.
private func checkPlain(_ text: String) throws {
    try expect(
        text.utf8.allSatisfy { 0x21...0x7E ~= $0 && ![0x22, 0x23, 0x3C, 0x3E, 0x5C].contains($0) },
        "an accepted URI has a byte that a header or a page cannot hold")
}

/// Parameters added to a query can be read from it, after those that were already there.
private func checkAdding(_ uri: RedirectURI) throws {
    let added = uri.adding([("code", "a&b=c"), ("state", "é #")], asFragment: false)
    try expect(added.utf8.starts(with: uri.text.utf8), "adding parameters changed the URI")
    let query = added.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst()
    let last = query.split(separator: UInt8(ascii: "&")).suffix(2).map { string($0) }
    try expect(last == ["code=a%26b%3Dc", "state=%C3%A9%20%23"], "added parameters are not the last two")
}

@Sendable private func checkWebAddress(_ bytes: [UInt8]) throws {
    let text = string(bytes)
    guard ReturnAddresses(setting: [.string(text)]) != nil else { return }
    try checkPlain(text)
    if CallbackAddress(setting: .string(text)) != nil {
        let scheme = text.utf8.prefix { $0 != UInt8(ascii: ":") }
        try expect(["http", "https"].contains(string(scheme).lowercased()), "a safe address is not of the web")
    }
}

/// A request has a host, a port and a path without line ends.
@Sendable private func checkTarget(_ bytes: [UInt8]) throws {
    guard let target = try? OutboundTarget(string(bytes)) else { return }
    try expect(!target.host.isEmpty && 1...65535 ~= target.port, "a target has no host or no port")
    try expect(target.path.utf8.first == UInt8(ascii: "/"), "a path does not start with a slash: \(target.path)")
    for part in [target.host, target.authority, target.path] {
        try expect(part.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "a part of a request ends its line")
    }
}
