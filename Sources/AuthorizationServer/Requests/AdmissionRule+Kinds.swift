// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension AdmissionRule {
    /// The scope that an access token must have; nil unless the endpoint needs an access token.
    var scope: Scope? {
        if case .bearer(let scope) = self { scope } else { nil }
    }

    /// Whether the callers are browsers.
    var isForBrowsers: Bool {
        if case .browser = self { true } else { false }
    }

    /// Whether a user must be signed in.
    var requiresSession: Bool {
        if case .browser(requiresSession: true, takesForeignForms: _) = self { true } else { false }
    }

    /// The position of endpoints with this rule among all endpoints, which decides the order of their URLs in the
    /// metadata.
    var place: Int {
        switch self {
        case .client: 0
        case .bearer: 1
        case .browser: 2
        @unknown default: 3
        }
    }
}
