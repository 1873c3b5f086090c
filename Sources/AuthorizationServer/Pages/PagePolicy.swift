// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a browser may do with a page (Content Security Policy Level 3).
struct PagePolicy: Sendable {
    /// Where its forms may lead, beside this server; nil does not limit them, for pages where nothing secret is typed
    /// and whose forms lead to a client, which may redirect as it likes.
    var formAction: [String]? = []
    var runsScript = false
    /// From where it shows pictures.
    var pictures: [String] = []
    /// What it loads in frames.
    var frames: [String] = []

    var text: String {
        let rules = [
            "default-src 'none'", "style-src 'self'", "img-src \((["'self'"] + pictures).joined(separator: " "))",
            runsScript ? "script-src 'self'" : nil,
            frames.isEmpty ? nil : "frame-src \(Set(frames).sorted().joined(separator: " "))",
            formAction.map { "form-action \((["'self'"] + $0).joined(separator: " "))" }, "frame-ancestors 'none'",
            "base-uri 'none'",
        ]
        return rules.compactMap(\.self).joined(separator: "; ")
    }
}
