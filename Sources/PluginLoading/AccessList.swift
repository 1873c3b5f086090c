// SPDX-License-Identifier: Apache-2.0

import CExtendedAttributes
import Glibc

/// The POSIX access control list of a file, as the kernel keeps it in an extended attribute (acl(5)).
///
/// If a file has one, the group bits of its mode are only the mask that limits the entries.
struct AccessList {
    /// The subject of an entry.
    enum Subject: Equatable {
        case owner
        case user(UInt32)
        case owningGroup
        case group(UInt32)
        case others
    }

    /// The write permission of a subject.
    struct Entry: Equatable {
        let subject: Subject
        let mayWrite: Bool
    }

    static let attribute = "system.posix_acl_access"

    /// The entries, limited by the mask.
    let entries: [Entry]

    /// The access control list of a file; nil if it has none or its file system does not support them.
    ///
    /// - Throws: `PluginLoadingError` if the list cannot be read.
    static func of(_ path: String) throws -> AccessList? {
        // Safe: the system is told the size of the array and writes no more.
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe getxattr(path, attribute, &bytes, bytes.count)
        guard count >= 0 else {
            if errno == ENODATA || errno == ENOTSUP { return nil }
            throw PluginLoadingError(
                "the access control list of \(path) cannot be read", note: unsafe String(cString: strerror(errno)))
        }
        guard let list = AccessList(Array(bytes.prefix(count))) else {
            throw PluginLoadingError(
                "the access control list of \(path) has an unknown format", note: "remove it: setfacl -b \(path)")
        }
        return list
    }

    /// Parses the kernel's format: the version number 2, then eight bytes for each entry.
    init?(_ bytes: [UInt8]) {
        func number(_ offset: Int, _ width: Int) -> UInt32 {
            bytes[offset..<(offset + width)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        guard bytes.count >= 4, bytes.count % 8 == 4, number(0, 4) == 2 else { return nil }
        var (read, mask): ([Entry], Bool) = ([], true)
        for place in stride(from: 4, to: bytes.count, by: 8) {
            let mayWrite = number(place + 2, 2) & 2 != 0
            switch number(place, 2) {
            case 0x01: read.append(Entry(subject: .owner, mayWrite: mayWrite))
            case 0x02: read.append(Entry(subject: .user(number(place + 4, 4)), mayWrite: mayWrite))
            case 0x04: read.append(Entry(subject: .owningGroup, mayWrite: mayWrite))
            case 0x08: read.append(Entry(subject: .group(number(place + 4, 4)), mayWrite: mayWrite))
            case 0x10: mask = mayWrite
            case 0x20: read.append(Entry(subject: .others, mayWrite: mayWrite))
            default: return nil
            }
        }
        entries = read.map { entry in
            let isMasked = entry.subject != .owner && entry.subject != .others
            return Entry(subject: entry.subject, mayWrite: entry.mayWrite && (mask || !isMasked))
        }
    }
}

/// The write access to a file or a folder.
struct WriteAccess {
    let status: stat
    let list: AccessList?
    /// The user that the server runs as.
    var server = geteuid()

    /// Whether anyone other than root and the server's user has write access.
    var isOpenToOthers: Bool {
        guard let list else {
            return status.st_mode & S_IWGRP != 0 && !isOwn(group: status.st_gid) || status.st_mode & S_IWOTH != 0
        }
        return list.entries.contains { $0.mayWrite && isOther($0.subject) }
    }

    private func isOther(_ subject: AccessList.Subject) -> Bool {
        switch subject {
        case .owner: false
        case .user(let id): id != 0 && id != server
        case .owningGroup: !isOwn(group: status.st_gid)
        case .group(let id): !isOwn(group: id)
        case .others: true
        }
    }

    /// Whether a group is the private group of the server's user, which has the same id as the user.
    ///
    /// Group 0 does not count as root's own, since other users can be members of it.
    private func isOwn(group: UInt32) -> Bool { group != 0 && group == server }
}
