// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How many files and connections the process may have open.
public struct DescriptorLimit: Sendable {
    /// How many connections were asked for.
    public let wanted: Int
    /// How many fit, at least one.
    public let connections: Int
    /// What the limit would have to be for all of them.
    public let needed: Int
    /// What the limit is now.
    public let limit: Int

    /// For the store, the log, requests to other servers and whatever plugins open.
    private static let spare = 128

    /// Raises the limit to what connections need, as far as the hard limit lets it.
    ///
    /// To be called when everything is open that stays so.
    ///
    /// - Parameter connections: The most connections that are to be open at once.
    /// - Returns: What the limit is then, and how many connections fit.
    public static func raise(for connections: Int) -> DescriptorLimit {
        // The system fills the structure that it is given.
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

    /// Says what fits.
    ///
    /// - Parameters:
    ///   - wanted: The connections that are to be open at once.
    ///   - used: How many descriptors are in use without them.
    ///   - needed: How many there would have to be.
    ///   - limit: How many there may be.
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

    /// How many descriptors are open.
    private static var inUse: Int {
        // The folder is closed at the end.
        guard let folder = unsafe opendir("/proc/self/fd") else { return 64 }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        return count
    }
}
