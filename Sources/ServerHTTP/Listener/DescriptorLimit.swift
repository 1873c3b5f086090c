// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The process's limit of open files, and the number of connections that it allows.
public struct DescriptorLimit: Sendable {
    /// The number of connections that was asked for.
    public let wanted: Int
    /// The number of connections that fit, at least one.
    public let connections: Int
    /// The limit that all wanted connections would need.
    public let needed: Int
    /// The current limit.
    public let limit: Int

    /// The descriptors reserved for the store, the log, requests to other servers and files that plugins open.
    private static let spare = 128

    /// Raises the limit to what the connections need, as far as the hard limit permits.
    ///
    /// Call this when everything that stays open has been opened.
    ///
    /// - Parameter connections: The maximum number of open connections.
    /// - Returns: The new limit and the number of connections that fit.
    public static func raise(for connections: Int) -> DescriptorLimit {
        // Safe: the system only writes to the structure during the call.
        let used = inUse
        let needed = used + spare + connections
        var now = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &now) == 0 else {
            return DescriptorLimit(connections, used: used, needed: needed, limit: needed)
        }
        if now.rlim_cur < rlim_t(needed) {
            var raised = now
            raised.rlim_cur = min(rlim_t(needed), now.rlim_max)
            if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { now = raised }
        }
        let limit = Int(clamping: now.rlim_cur)
        return DescriptorLimit(connections, used: used, needed: needed, limit: limit)
    }

    /// Computes how many connections fit.
    ///
    /// - Parameters:
    ///   - wanted: The wanted number of open connections.
    ///   - used: The number of descriptors in use without them.
    ///   - needed: The limit that all wanted connections would need.
    ///   - limit: The current limit.
    init(_ wanted: Int, used: Int, needed: Int, limit: Int) {
        self.wanted = wanted
        self.needed = needed
        self.limit = limit
        guard limit < needed else {
            connections = wanted
            return
        }
        let free = max(0, limit - used)
        connections = min(wanted, max(1, free - min(DescriptorLimit.spare, free / 2)))
    }

    /// The number of open descriptors.
    private static var inUse: Int {
        // Safe: the folder is closed at the end.
        guard let folder = unsafe opendir("/proc/self/fd") else { return 64 }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        return count
    }
}
