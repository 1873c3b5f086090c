// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The lanes that a runner has to search, and a sweep over all lanes.
struct JobSearch: Sendable {
    /// Beyond this number of lanes, all lanes are searched.
    private static let most = 1000

    private(set) var lanes: [String] = []
    private var known: Set<String> = []
    /// The key after which the sweep continues; nil if none is running.
    var sweep: String?

    static var everything: JobSearch {
        var search = JobSearch()
        search.addAll()
        return search
    }

    var isOver: Bool { lanes.isEmpty && sweep == nil }

    mutating func add(_ lane: String) {
        guard lanes.count < JobSearch.most else { return addAll() }
        if known.insert(lane).inserted { lanes.append(lane) }
    }

    /// Starts a sweep, unless one is running.
    mutating func addAll() {
        if sweep == nil { sweep = "" }
    }

    mutating func add(_ other: JobSearch) {
        for lane in other.lanes { add(lane) }
        if other.sweep != nil { addAll() }
    }

    mutating func finish(_ lane: String) {
        known.remove(lane)
        lanes.removeAll { $0 == lane }
    }
}
