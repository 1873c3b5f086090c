// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a source of claims that runs in a process of its own.
struct IsolatedClaims: ClaimsSource {
    let claims: [String]
    let destinations: Set<ClaimsDestination>
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        claims = try form.words("claims")
        let words = try form.words("destinations")
        destinations = Set(
            try (words.isEmpty ? ["id_token", "userinfo"] : words).map(ClaimsDestination.init(word:)))
        self.role = IsolatedRole(role, of: caller)
    }

    func claims(for request: ClaimsRequest) async throws -> [JSON.Member] {
        try await role.call("claims", request.form) { output in
            guard case .object(let members) = output else { throw FormError("an object of claims was expected") }
            return members
        }
    }
}

extension ClaimsDestination {
    private static let words: [(String, ClaimsDestination)] = [
        ("id_token", .identityToken), ("userinfo", .userinfo), ("access_token", .accessToken),
        ("introspection", .introspection),
    ]

    init(word: String) throws {
        guard let found = ClaimsDestination.words.first(where: { $0.0 == word }) else {
            throw FormError("a destination must be id_token, userinfo, access_token or introspection")
        }
        self = found.1
    }

    var word: String { ClaimsDestination.words.first { $0.1 == self }?.0 ?? "" }
}
