// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An address of a client that this server, or a browser on its behalf, calls; https, or http on the same machine.
struct CallbackAddress: SettingValue {
    static let expectation = "an https address without a fragment (http on 127.0.0.1, [::1] or localhost alone)"

    let text: String

    init() { text = "" }

    init?(setting: JSON) {
        guard let text = setting.string, WebAddress.isSafe(text) else { return nil }
        self.text = text
    }

    var setting: JSON { .string(text) }
}

/// Where browsers may go after a logout, each compared byte for byte (RP-Initiated Logout section 3).
struct ReturnAddresses: SettingValue {
    static let expectation = "a list of absolute addresses without a fragment"

    let all: [String]

    init() { all = [] }

    init?(setting: JSON) {
        guard let texts = [String](setting: setting), texts.allSatisfy(WebAddress.isAbsolute) else { return nil }
        all = texts
    }

    var setting: JSON { .strings(all) }

    func contains(_ address: String) -> Bool {
        all.contains { $0.utf8.elementsEqual(address.utf8) }
    }
}

enum WebAddress {
    /// Schemes that a browser runs, or reads from the machine, instead of going somewhere.
    private static let refused = [
        "javascript", "data", "vbscript", "file", "filesystem", "blob", "about", "view-source", "chrome", "resource",
        "ws", "wss", "ftp", "mailto",
    ]

    /// Whether an address has a scheme that leads somewhere, and nothing that a header or a page could not hold.
    static func isAbsolute(_ text: String) -> Bool {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy(isAllowed),
            let scheme = text.wholeMatch(of: /([A-Za-z][A-Za-z0-9+.\-]*):(.+)/)?.1.lowercased()
        else { return false }
        guard ["http", "https"].contains(scheme) else { return !refused.contains(scheme) }
        let host = /[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]/
        let rest = text.dropFirst(scheme.count + 1)
        guard rest.hasPrefix("//"),
            let found = rest.dropFirst(2).prefixMatch(of: host),
            let port = rest[found.range.upperBound...].prefixMatch(of: /(?::([1-9][0-9]{0,4}))?/)
        else { return false }
        let path = rest[port.range.upperBound...]
        guard path.isEmpty || path.first == "/" || path.first == "?", port.1.map({ UInt16($0) != nil }) ?? true
        else { return false }
        return !hasDots(path)
    }

    /// What a browser would resolve to another path than the one that was compared.
    private static func hasDots(_ rest: Substring) -> Bool {
        let path = rest.prefix { $0 != "?" }.lowercased().replacing("%2e", with: ".")
        return path.split(separator: "/", omittingEmptySubsequences: false).contains { $0 == "." || $0 == ".." }
    }

    static func isSafe(_ text: String) -> Bool {
        guard isAbsolute(text) else { return false }
        return text.hasPrefix("https://")
            || text.wholeMatch(of: /http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:[0-9]{1,5})?([\/?].*)?/) != nil
    }

    /// RFC 3986 section 2, without the number sign.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x23, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B, 0x7C, 0x7D: false
        default: 0x21...0x7E ~= byte
        }
    }

    /// An address with more parameters in its query; those that it was registered with stay.
    static func adding(_ parameters: [(name: String, value: String)], to address: String) -> String {
        let encoded = parameters.map { "\($0.name)=\(encode($0.value))" }.joined(separator: "&")
        guard !encoded.isEmpty else { return address }
        return address + (address.contains("?") ? "&" : "?") + encoded
    }

    private static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let kept = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        return String(
            decoding: text.utf8.flatMap { byte in
                kept.contains(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }, as: UTF8.self)
    }
}
