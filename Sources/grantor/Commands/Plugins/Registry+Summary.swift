// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Registry {
    /// A one-line list of what a plugin adds.
    var summary: String {
        var parts = grants.map { "grant \($0.declaration.wire)" } + formats.map { "token format \($0.name)" }
        parts += extensions.flatMap(\.members).map { "member \($0)" }
        parts += flows.map { "response type \($0.word)" } + steps.map { "sign-in step \($0.name)" }
        let routes = endpoints.map(\.route) + resourceEndpoints.map(\.route) + browserEndpoints.map(\.route)
        parts += routes.map { "endpoint \($0.path)" }
        parts += documents.map { "document \($0.name)" } + stores.map { _ in "the store" }
        parts += requestFilters.map { _ in "a filter of authorization requests" }
        parts += tokenFilters.map { _ in "a filter of token requests" }
        parts += eventSinks.map { _ in "a record of events" }
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }
}
