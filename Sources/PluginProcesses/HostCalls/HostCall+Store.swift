// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension HostCall {
    /// The plugin's own collections.
    static let store = [
        HostCall("store.read") { calls, input in
            let records = try await calls.host.store.read(input.list("keys", StoreKey.init(form:)))
            return .array(records.map { $0?.form ?? .null })
        },
        HostCall("store.write") { calls, input in
            try await calls.host.store.write(input.list("writes", StoreWrite.init(form:))).form
        },
        HostCall("store.find") { calls, input in
            let page = try StorePage(input)
            let records = try await calls.host.store.find(
                page.collection, by: input.required("index", \.string), equals: input.required("value", \.string),
                after: page.after, limit: page.limit)
            return .array(records.map(\.form))
        },
        HostCall("store.page") { calls, input in
            let page = try StorePage(input)
            let records = try await calls.host.store.page(page.collection, after: page.after, limit: page.limit)
            return .array(records.map(\.form))
        },
        HostCall("store.increment") { calls, input in
            let key = try input.required("key", StoreKey.init(form:))
            let end = Timestamp(seconds: try input.required("expires_at", \.integer))
            return .integer(try await calls.host.store.increment(key, expiresAt: end))
        },
    ]
}

/// The part of a collection that a process asks for.
private struct StorePage {
    let collection: String
    let after: StoreKey?
    let limit: Int

    init(_ input: JSON) throws {
        collection = try input.required("collection", \.string)
        after = try input["after"].flatMap { $0 == .null ? nil : try StoreKey(form: $0) }
        limit = try HostCall.limit(input)
    }
}

extension HostCall {
    /// The most records or documents of a page.
    private static let mostInPage: Int64 = 500

    /// The member `limit` of an input.
    static func limit(_ input: JSON) throws -> Int {
        let limit = try input.required("limit", \.integer)
        guard 1...mostInPage ~= limit else { throw FormError("'limit' must be from 1 to \(mostInPage)") }
        return Int(limit)
    }
}
