// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The content security policy of a page (Content Security Policy Level 3).
struct PagePolicy: Sendable {
    /// The origins to which forms may lead, apart from this server.
    ///
    /// Nil sets no limit. It is for pages on which nothing secret is typed and whose forms lead to a client, which may
    /// redirect anywhere.
    var formAction: [String]? = []
    var runsScript = false
    /// Sources of pictures.
    var pictures: [String] = []
    /// Sources of frames.
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
