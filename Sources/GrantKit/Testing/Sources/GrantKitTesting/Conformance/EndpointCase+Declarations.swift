// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension EndpointCase {
    /// The scope that a token must have for an endpoint.
    static func scope(of endpoint: any Endpoint) -> Scope {
        if case .bearer(let scope) = endpoint.admissionRule { scope } else { [] }
    }

    /// Whether what an endpoint answers is meant for one caller only.
    static func isPersonal(_ endpoint: any Endpoint) -> Bool {
        if case .browser(requiresSession: false, takesForeignForms: _) = endpoint.admissionRule { false } else { true }
    }

    static func takesForeignForms(_ endpoint: any Endpoint) -> Bool {
        if case .browser(requiresSession: _, takesForeignForms: true) = endpoint.admissionRule { true } else { false }
    }

    /// The parameters that the server reads itself and keeps from an endpoint.
    static func taken(by endpoint: any Endpoint) -> [String] {
        switch endpoint.admissionRule {
        case .bearer: ["access_token"]
        case .browser: ["csrf"]
        default: []
        }
    }
}
