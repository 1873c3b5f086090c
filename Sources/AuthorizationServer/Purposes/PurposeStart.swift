// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The start of an interaction by an endpoint of a plugin, as it is kept in the sealed state.
struct PurposeStart: Sendable {
    /// The name of the purpose.
    let name: String
    /// What the endpoint passed for the purpose.
    let context: JSON
    /// The path of the endpoint's page, where the user can start over; nil if it shows none.
    let page: String?
    /// The client and the limits that the user was asked about on the last page; nil before the first one.
    private(set) var asked: JSON?

    init(name: String, context: JSON, page: String?) {
        self.name = name
        self.context = context
        self.page = page
    }

    /// Notes what the user is asked about on the next page.
    ///
    /// - Parameters:
    ///   - request: The request as the purpose returns it now.
    ///   - plugin: The id of the purpose's plugin.
    /// - Throws: `OAuthError` `server_error` if it is for another client, or allows more than on the last page.
    mutating func note(_ request: PurposeRequest, of plugin: String) throws {
        let next = Authorization(subject: .client(request.client.id), limits: request.limits)
        if let asked {
            let last = try Authorization(stored: asked)
            guard next.subject == last.subject, next.limits.isWithin(last.limits) else {
                throw OAuthError(
                    .serverError,
                    reason: "the purpose '\(name)' of the plugin '\(plugin)' returned another client, or limits that "
                        + "allow more than on the page before; it must return the same client, and limits that stay "
                        + "the same or narrow, while an interaction is open")
            }
        }
        asked = next.stored
    }

    // MARK: sealing

    var json: JSON {
        var value: JSON = ["purpose": .string(name), "context": context]
        value["page"] = page.map(JSON.string)
        value["asked"] = asked
        return value
    }

    init?(_ json: JSON) {
        guard let name = json["purpose"]?.string, let context = json["context"] else { return nil }
        self.init(name: name, context: context, page: json["page"]?.string)
        asked = json["asked"]
    }
}
