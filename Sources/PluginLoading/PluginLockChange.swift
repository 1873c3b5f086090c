// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// What differs between two locks for one plugin.
public enum PluginLockChange: Sendable, Equatable, CustomStringConvertible {
    /// The plugin was not in the former lock.
    case added(PluginLock.Entry)
    /// The plugin is not in the new lock.
    case removed(PluginLock.Entry)
    /// The plugin has another library.
    case changed(from: PluginLock.Entry, to: PluginLock.Entry)

    /// The change in one line, with shortened digests.
    public var description: String {
        switch self {
        case .added(let entry): "added    \(PluginLockChange.shown(entry))"
        case .removed(let entry): "removed  \(PluginLockChange.shown(entry))"
        case .changed(let former, let new): "changed  \(new.id): \(PluginLockChange.shown(former, new))"
        }
    }

    private static func shown(_ entry: PluginLock.Entry) -> String {
        ShownText.onOneLine("\(entry.id) \(entry.version), kit \(entry.kit), sha256 \(shortened(entry.sha256))")
    }

    private static func shown(_ former: PluginLock.Entry, _ new: PluginLock.Entry) -> String {
        let pairs = [
            ("version", former.version, new.version), ("kit", former.kit, new.kit),
            ("sha256", shortened(former.sha256), shortened(new.sha256)),
        ]
        let differing = pairs.filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1) to \($0.2)" }
        return ShownText.onOneLine(differing.joined(separator: ", "))
    }

    private static func shortened(_ digest: String) -> String { digest.raw.prefix(12).string }
}

extension PluginLock {
    /// The changes that lead from a former lock to this one, sorted by id.
    public func changes(from former: PluginLock?) -> [PluginLockChange] {
        let ids = Set(entries.map(\.id) + (former?.entries ?? []).map(\.id))
        return ids.sorted().compactMap { change(of: $0, from: former?[$0]) }
    }

    private func change(of id: String, from former: Entry?) -> PluginLockChange? {
        switch (former, self[id]) {
        case (nil, let new?): return .added(new)
        case (let former?, nil): return .removed(former)
        case (let former?, let new?): return former == new ? nil : .changed(from: former, to: new)
        case (nil, nil): return nil
        }
    }
}
