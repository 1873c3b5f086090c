// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

@testable import ServerHTTP

/// Pages that show a value from outside.
enum PageHarness {
    static let parser = FuzzedParser("page", longest: 128, check)

    private static let pages = try? Pages()
    private static let marks = Array("<>\"'".utf8)
    private static let plain = counts("plain")
    /// An empty value omits the section around it, and so does one of which nothing is left without control characters.
    private static let empty = counts("")

    private static func html(_ text: String) -> [UInt8] {
        let values: JSON = [
            "kind": "invalid_request", "title": .string(text), "message": .string(text), "username": .string(text),
            "client": ["name": .string(text), "uri": .string(text)], "scopes": [["word": .string(text)]],
            "action": .string(text), "state": .string(text),
        ]
        return (try? pages?.render("sign_in", values))?.html ?? []
    }

    private static func counts(_ text: String) -> [Int] {
        let html = html(text)
        return marks.map { mark in html.count { $0 == mark } }
    }

    /// No value adds markup to a page.
    @Sendable private static func check(_ bytes: [UInt8]) throws {
        try expect(empty[0] > 0 && plain[0] > empty[0], "the page is not rendered")
        try expect([plain, empty].contains(counts(string(bytes))), "a value adds a mark of HTML")
    }
}
