// SPDX-License-Identifier: Apache-2.0

import CExtendedAttributes
import Glibc

/// The POSIX access list of a file, as the kernel keeps it in an extended attribute (acl(5)).
///
/// Where there is one, the group's bits of the file's mode are only the most that its entries may give.
struct AccessList {
    /// Whom an entry is about.
    enum Subject: Equatable {
        case owner
        case user(UInt32)
        case owningGroup
        case group(UInt32)
        case others
    }

    /// What a subject may do.
    struct Entry: Equatable {
        let subject: Subject
        let mayWrite: Bool
    }

    static let attribute = "system.posix_acl_access"

    /// The entries as far as the mask lets them.
    let entries: [Entry]

    /// The access list of a file, nil if it has none or its file system knows none.
    ///
    /// - Throws: `PluginLoadingError` if there is one that cannot be read.
    static func of(_ path: String) throws -> AccessList? {
        // The system writes no more than the length that it is told.
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe getxattr(path, attribute, &bytes, bytes.count)
        guard count >= 0 else {
            if errno == ENODATA || errno == ENOTSUP { return nil }
            throw PluginLoadingError(
                "the access list of \(path) cannot be read", note: unsafe String(cString: strerror(errno)))
        }
        guard let list = AccessList(Array(bytes.prefix(count))) else {
            throw PluginLoadingError(
                "the access list of \(path) is of a kind that this server does not know", note: "setfacl -b \(path)")
        }
        return list
    }

    /// Reads the kernel's form: the version 2, then eight bytes for each entry.
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

/// Who may change a file or what is in a folder.
struct WriteAccess {
    let status: stat
    let list: AccessList?
    /// The user that the server runs as.
    var server = geteuid()

    /// Whether anybody may who is neither root nor the server's user.
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

    /// A group that has the number of the server's user is that user's own.
    ///
    /// The group 0 is not root's alone: others can be in it.
    private func isOwn(group: UInt32) -> Bool { group != 0 && group == server }
}
