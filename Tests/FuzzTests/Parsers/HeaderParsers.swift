// SPDX-License-Identifier: Apache-2.0

import GrantKit

@testable import AdminAPI
@testable import AuthorizationServer
@testable import ServerHTTP

/// The parsers of header fields.
let headerParsers = [
    FuzzedParser("cookies", longest: 256, checkCookies),
    FuzzedParser("addresses", checkAddresses),
    FuzzedParser("ranges", longest: 64, checkRange),
    FuzzedParser("languages", checkLanguages),
    FuzzedParser("base64", checkBase64),
    FuzzedParser("conditions", checkConditions),
]

/// A request in which each line is a separate header field.
private func headers(_ name: String, _ bytes: [UInt8]) -> RequestHead {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    return RequestHead(method: "PUT", path: "/", headers: lines.map { (name, string($0)) })
}

private let cookies = [
    Cookie(Cookie.browser, issuer: "http://a.example"), Cookie(Cookie.session, issuer: "https://a.example"),
]

/// A cookie is found, with the value that was sent, if and only if exactly one pair has its name byte for byte.
///
/// '@' means the cookie's name, so that inputs need not know how cookies are named.
@Sendable private func checkCookies(_ bytes: [UInt8]) throws {
    for cookie in cookies {
        let head = headers("cookie", bytes.flatMap { $0 == UInt8(ascii: "@") ? Array(cookie.name.utf8) : [$0] })
        let start = Array("\(cookie.name)=".utf8)
        let values = head.headers.flatMap { header in
            Array(header.value.utf8).split(separator: UInt8(ascii: ";")).map(trimmed)
                .filter { $0.starts(with: start) }.map { $0.dropFirst(start.count) }
        }
        let found = cookie.value(in: head)
        try expect((found != nil) == (values.count == 1), "a cookie is lost, or found where there is not one")
        guard let found else { continue }
        try expect(found.utf8.elementsEqual(values[0]), "a cookie has another value than was sent")
        let set = Array(cookie.set(found).value.utf8.prefix { $0 != UInt8(ascii: ";") })
        try expect(
            cookie.value(in: headers("cookie", set)).map { isSame($0, found) } == true,
            "a cookie that was set is read with another value")
    }
}

/// The text without spaces and tabs around it (RFC 9110 section 5.6.3).
private func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? bytes.startIndex
    return bytes[..<end].drop(while: isSpace)
}

/// The address of a client is that of the connection, or a forwarded one that is a valid address.
@Sendable private func checkAddresses(_ bytes: [UInt8]) throws {
    let trusted = ["10.0.0.0/8", "127.0.0.1", "fd00::/8"].compactMap { AddressRange($0) }
    for name in ["x-forwarded-for", "forwarded"] {
        let (finder, sent) = (ClientAddress(trusted: trusted), headers(name, bytes).headers)
        let found = finder.find(finder.peer("10.1.2.3"), sent)
        try expect(isAddress(found), "what is forwarded is taken for an address, and is none")
        let outside = finder.find(finder.peer("192.0.2.1"), sent)
        try expect(isSame(outside, "192.0.2.1"), "an untrusted connection's header is believed")
    }
}

private func isAddress(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 45
        && text.utf8.allSatisfy { byte in
            0x30...0x3A ~= byte || byte == 0x2E || 0x41...0x46 ~= byte & 0xDF
        }
}

/// A range is an address and a number of bits, and contains its own address.
@Sendable private func checkRange(_ bytes: [UInt8]) throws {
    let text = string(bytes)
    guard let range = AddressRange(text) else { return }
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    try expect(parts.count <= 2, "a range has two numbers of bits")
    let address = string(Array(parts[0]))
    try expect(isAddress(address), "a range is not of an address")
    try expect(parts.count == 1 || parts[1].allSatisfy { 0x30...0x39 ~= $0 }, "the bits of a range are no number")
    try expect(range.contains(address), "a range does not hold its own address")
}

/// Languages are tags, at most twenty, each of which is in the header.
@Sendable private func checkLanguages(_ bytes: [UInt8]) throws {
    let tags = Languages.accepted(by: headers("accept-language", bytes))
    try expect(tags.count <= 20, "there are more languages than the limit")
    let sent = string(bytes)
    for tag in tags {
        try expect(
            tag.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 & 0xDF || $0 == 0x2D }, "a language is no tag")
        try expect(Array(sent.utf8).firstRange(of: Array(tag.utf8)) != nil, "a language was not sent")
    }
}

/// Base64 is read from its only spelling.
@Sendable private func checkBase64(_ bytes: [UInt8]) throws {
    guard let decoded = Base64.decode(string(bytes)) else { return }
    try expect(encoded(decoded) == bytes, "base64 was read from another spelling")
    guard let colon = decoded.firstIndex(of: UInt8(ascii: ":")) else { return }
    if let id = try? FormBody.decode(decoded[..<colon]) { try expect(!id.utf8.contains(0), "an id holds NUL") }
}

private func encoded(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    return stride(from: 0, to: bytes.count, by: 3).flatMap { place -> [UInt8] in
        let three = bytes[place..<min(place + 3, bytes.count)]
        let bits = three.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - three.count))
        let all = [18, 12, 6, 0].map { digits[bits >> $0 & 63] }
        return all.prefix(three.count + 1) + [UInt8](repeating: UInt8(ascii: "="), count: 3 - three.count)
    }
}

/// Entity tags are read as what is between their quotation marks, and no missing document meets a condition.
@Sendable private func checkConditions(_ bytes: [UInt8]) throws {
    if let condition = try? Precondition(headers("if-match", bytes)) {
        try expect(!condition.matches(nil), "a document that is missing is in a state that was named")
    }
    let sent = Array(string(bytes).utf8)
    guard let tags = EntityTag.list(sent) else { return }
    let parts = sent.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
    try expect(parts.count == 2 * tags.count + 1, "there are more tags than pairs of quotation marks, or fewer")
    for (place, tag) in tags.enumerated() {
        try expect(tag.names(string(parts[2 * place + 1])), "a tag is not what was sent")
    }
}
