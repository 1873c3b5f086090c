// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Another spelling of the parameter `audience`.
///
/// The core reads all spellings at both endpoints into one list.
protocol AudienceParameter: LaterRole {
    var name: String { get }
    /// The audience that a value means.
    ///
    /// - Throws: `OAuthError` `invalid_target` if it is malformed.
    func audience(of value: String) throws -> String
}

extension AudienceParameter {
    var line: String { "audience parameter \(name)" }
}

extension Parameters {
    /// For the host: the audiences of a request, each once.
    func audiences(_ spellings: [any AudienceParameter]) throws -> [String] {
        var audiences = values("audience")
        for spelling in spellings {
            for value in values(spelling.name) {
                let audience = try spelling.audience(of: value)
                if !audiences.contains(audience) { audiences.append(audience) }
            }
        }
        return audiences
    }
}
