// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An entry of the log of changes, by its number and its random mark.
struct ChangePosition: Equatable {
    /// The number of entries that are kept; a node that has missed more reads everything again.
    static let kept: Int64 = 100_000

    let number: Int64
    let mark: Int64

    /// Reads the first two columns of an entry.
    ///
    /// - Throws: `Failure.broken`.
    init(_ answer: Answer, _ row: Int) throws(Failure) {
        guard let number = answer.integer(row, 0), let mark = answer.integer(row, 1) else {
            throw .broken("returned an entry of 'grantor_change' without a number")
        }
        (self.number, self.mark) = (number, mark)
    }

    /// Reads a position; nil if it is none of this store's.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":")).compactMap { Int64(Substring($0)) }
        guard parts.count == 2 else { return nil }
        (number, mark) = (parts[0], parts[1])
    }

    var text: String { "\(number):\(mark)" }

    /// Reads the changes after this position.
    ///
    /// - Parameter answer: The entries from this one on.
    /// - Returns: The changes; without a position if the entry of this one is no longer there.
    /// - Throws: `Failure.broken`.
    func changes(in answer: Answer) throws(Failure) -> StoreChanges {
        guard answer.count > 0, try ChangePosition(answer, 0) == self else { return StoreChanges([], position: nil) }
        var keys: [StoreKey] = []
        for row in 1..<answer.count {
            guard let collection = answer.bytes(row, 2).flatMap({ String(validating: $0, as: UTF8.self) }),
                let id = answer.bytes(row, 3).flatMap({ String(validating: $0, as: UTF8.self) })
            else { throw .broken("has an entry in 'grantor_change' that this server never writes") }
            keys.append(StoreKey(collection, id))
        }
        return StoreChanges(keys, position: try ChangePosition(answer, answer.count - 1).text)
    }
}
