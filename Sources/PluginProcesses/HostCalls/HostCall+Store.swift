// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension HostCall {
    /// The plugin's own collections.
    static let store = [
        HostCall("store.read") { calls, input in
            let keys = try input.list("keys", StoreKey.init(form:))
            return try await records(keys.count) { _, places in
                try await calls.host.store.read(Array(keys[places]))
            }
        },
        HostCall("store.write") { calls, input in
            try await calls.host.store.write(input.list("writes", StoreWrite.init(form:))).form
        },
        HostCall("store.find") { calls, input in
            let page = try StorePage(input)
            let (index, value) = (try input.required("index", \.string), try input.required("value", \.string))
            return try await records(page.limit) { last, places in
                try await calls.host.store.find(
                    page.collection, by: index, equals: value, after: last ?? page.after, limit: places.count)
            }
        },
        HostCall("store.page") { calls, input in
            let page = try StorePage(input)
            return try await records(page.limit) { last, places in
                try await calls.host.store.page(page.collection, after: last ?? page.after, limit: places.count)
            }
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
    /// The most records that are read at once, since each can be as large as a frame.
    private static let mostAtOnce = 32

    /// Reads records in steps, until there are no more or they fit into no reply.
    ///
    /// - Parameters:
    ///   - most: The number of records.
    ///   - read: Reads a step, given the key of the last record before it and the places of its records.
    /// - Returns: The forms of the records; null for one that does not exist.
    /// - Throws: `FormError` if they fit into no reply; `StoreError`, `CancellationError`.
    private static func records(
        _ most: Int, _ read: (_ last: StoreKey?, _ places: Range<Int>) async throws -> [StoreRecord?]
    ) async throws -> JSON {
        var (found, bytes, last): ([JSON], Int, StoreKey?) = ([], 0, nil)
        while found.count < most {
            try Task.checkCancellation()
            let places = found.count..<min(most, found.count + mostAtOnce)
            let step = try await read(last, places)
            for form in step.map({ $0?.form ?? .null }) {
                bytes += form.bytes.count
                found.append(form)
            }
            guard bytes <= Frame.largest else {
                throw FormError("the records are larger than a frame: ask for fewer")
            }
            guard step.count == places.count else { break }
            last = step.last??.key
        }
        return .array(found)
    }

    /// The most records or documents of a page.
    private static let mostInPage: Int64 = 500

    /// The member `limit` of an input.
    static func limit(_ input: JSON) throws -> Int {
        let limit = try input.required("limit", \.integer)
        guard 1...mostInPage ~= limit else { throw FormError("'limit' must be from 1 to \(mostInPage)") }
        return Int(limit)
    }
}
