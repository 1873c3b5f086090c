// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Carries a form of another site, sealed, through a redirect to this server.
///
/// Such a form comes without the session's cookie, which the browser sends after the redirect. What the redirect
/// carries is checked on arrival, like any other query.
struct PostedForm {
    private static let name = "posted"

    let keys: any KeyRing
    /// The recipient of the form; nothing else can open it.
    let purpose: String

    /// The query that carries a form; nil if the form is too long.
    ///
    /// - Throws: An error of the keys.
    func query(for form: Parameters) async throws -> String? {
        let text = form.all.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }
            .joined(separator: "&")
        let sealed = try await keys.seal(text, purpose: purpose)
        return sealed.utf8.count <= Limit.sealed ? "\(PostedForm.name)=\(sealed)" : nil
    }

    /// The form that a query carries, or the query itself if it carries none.
    ///
    /// - Returns: The parameters; nil if the form was not sealed for this purpose.
    /// - Throws: `OAuthError`; an error of the keys.
    func form(in query: Parameters) async throws -> Parameters? {
        // Together with other parameters, it is a parameter of the sender.
        guard query.all.count == 1, let sealed = query[PostedForm.name] else { return query }
        guard let text = try await keys.open(sealed, purpose: purpose) else { return nil }
        return try FormBody.parse(Array(text.utf8))
    }
}
