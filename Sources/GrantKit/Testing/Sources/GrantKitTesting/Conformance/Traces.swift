// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit

/// What a plugin has left where a check can read it: requests, lines of the log, and the files in its folder.
struct Traces {
    /// The contents of each place.
    private let all: [Data]

    init(of plugin: TestPlugin, in folder: String) {
        let requests = plugin.host.network.sent.reduce(into: Data()) { $0.append(contentsOf: $1.body + [0]) }
        let lines = plugin.host.log.lines.reduce(into: Data()) { $0.append(contentsOf: Array($1.description.utf8)) }
        all = [requests, lines] + Traces.files(in: folder)
    }

    private static func files(in folder: String) -> [Data] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { FileManager.default.contents(atPath: "\(folder)/\($0)") }
    }

    /// For each place, the marks that are found there, in the order of their first occurrence.
    func marks(_ marks: [String]) -> [[String]] {
        all.map { content in
            var found: [(mark: String, place: Int)] = []
            for mark in marks {
                if let range = content.range(of: Data(mark.utf8)) { found.append((mark, range.lowerBound)) }
            }
            return found.sorted { $0.place < $1.place }.map(\.mark)
        }
    }
}
