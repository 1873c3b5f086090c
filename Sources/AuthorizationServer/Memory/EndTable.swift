// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A table of hashes with open addressing, of 16 bytes for each place; between a quarter and three quarters are used.
struct EndTable {
    private struct Place {
        var high: UInt64 = 0
        var low: UInt32 = 0
        /// The moment of the end in seconds since 2020; 0 for a free place.
        var moment: UInt32 = 0

        func holds(_ hash: EndHash) -> Bool { high == hash.high && low == hash.low }
    }

    private static let smallest = 16
    private static let year2020: Int64 = 1_577_836_800

    private var places = [Place](repeating: Place(), count: smallest)
    private(set) var count = 0

    /// The number of places, a power of two.
    var capacity: Int { places.count }

    func contains(_ hash: EndHash) -> Bool {
        let place = places[place(of: hash)]
        return place.moment != 0
    }

    /// Inserts a hash, or gives one that is there the later moment.
    ///
    /// - Parameters:
    ///   - hash: The hash.
    ///   - moment: The moment of the end.
    ///   - start: The moment before which ends are dropped if there is no room.
    mutating func insert(_ hash: EndHash, at moment: Timestamp, since start: Timestamp) {
        let moment = EndTable.seconds(moment)
        let found = place(of: hash)
        guard places[found].moment == 0 else {
            places[found].moment = max(places[found].moment, moment)
            return
        }
        places[found] = Place(high: hash.high, low: hash.low, moment: moment)
        count += 1
        if count * 4 >= capacity * 3 { drop(before: start) }
    }

    /// Drops what ended before a moment, and fits the table to what is left.
    mutating func drop(before moment: Timestamp) {
        let first = EndTable.seconds(moment)
        let left = places.filter { $0.moment >= first }
        var size = EndTable.smallest
        while left.count * 2 >= size { size *= 2 }
        (places, count) = ([Place](repeating: Place(), count: size), left.count)
        for place in left { places[self.place(of: EndHash(high: place.high, low: place.low))] = place }
    }

    /// The place of a hash, or the free place where it belongs.
    ///
    /// There always is one, since at most three quarters of the places are used.
    private func place(of hash: EndHash) -> Int {
        let mask = places.count - 1
        var number = Int(truncatingIfNeeded: hash.high) & mask
        while places[number].moment != 0, !places[number].holds(hash) { number = (number + 1) & mask }
        return number
    }

    private static func seconds(_ moment: Timestamp) -> UInt32 {
        guard moment.seconds > year2020 else { return 1 }
        return UInt32(clamping: moment.seconds - year2020)
    }
}
