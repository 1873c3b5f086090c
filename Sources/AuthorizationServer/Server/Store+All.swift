// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Store {
    /// All records with a value in an index, up to a bound that no normal use reaches.

    func all(_ collection: StoreCollection, by index: String, equals value: String) async throws -> [StoreRecord] {
        var all: [StoreRecord] = []
        while all.count < 10_000 {
            let page = try await find(
                collection.name, by: index, equals: value, after: all.last?.key, limit: 500)
            all += page
            if page.count < 500 { break }
        }
        return all
    }
}
