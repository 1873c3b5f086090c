// SPDX-License-Identifier: Apache-2.0

import CExtendedAttributes
import Foundation
import Glibc
import Testing

@testable import PluginLoading

@Suite("Access control lists of plugins (acl(5))", .timeLimit(.minutes(10)))
struct AccessListTests {
    private static let nobody: UInt32 = 65_534

    struct Entry: Sendable {
        let tag: UInt16
        let rights: UInt16
        var id = UInt32.max
    }

    private static func little(_ number: UInt32, _ width: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for place in 0..<width { bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(8 * place))) }
        return bytes
    }

    /// A list in the kernel's format.
    private static func bytes(_ entries: [Entry]) -> [UInt8] {
        var bytes = little(2, 4)
        for entry in entries {
            bytes += little(UInt32(entry.tag), 2)
            bytes += little(UInt32(entry.rights), 2)
            bytes += little(entry.id, 4)
        }
        return bytes
    }

    private static func user(_ rights: UInt16, _ id: UInt32) -> Entry { Entry(tag: 2, rights: rights, id: id) }

    /// A list in which only the owner may write, plus more entries.
    private static func list(
        users: [Entry] = [], groups: [Entry] = [], mask: UInt16 = 7, group: UInt16 = 5, others: UInt16 = 5
    ) -> [UInt8] {
        var all = [Entry(tag: 1, rights: 7)]
        all += users
        all.append(Entry(tag: 4, rights: group))
        all += groups
        all.append(Entry(tag: 0x10, rights: mask))
        all.append(Entry(tag: 0x20, rights: others))
        return bytes(all)
    }

    struct Case: Sendable {
        let what: String
        let list: [UInt8]
        let isOpen: Bool
    }

    /// Lists, and whether they let other users write.
    static let cases: [Case] = [
        Case(what: "a user who may write", list: list(users: [user(6, nobody)]), isOpen: true),
        Case(what: "a user who may read", list: list(users: [user(5, nobody)]), isOpen: false),
        Case(what: "a user whom the mask keeps from it", list: list(users: [user(7, nobody)], mask: 5), isOpen: false),
        Case(what: "root and a reader", list: list(users: [user(7, 0), user(4, nobody)]), isOpen: false),
        Case(
            what: "a group that may write", list: list(groups: [Entry(tag: 8, rights: 2, id: nobody)]), isOpen: true),
        Case(what: "the group 0", list: list(groups: [Entry(tag: 8, rights: 7, id: 0)]), isOpen: true),
        Case(what: "a group that may read", list: list(groups: [Entry(tag: 8, rights: 5, id: nobody)]), isOpen: false),
        Case(what: "the group of the file", list: list(group: 7), isOpen: true),
        Case(what: "everybody", list: list(others: 7), isOpen: true),
    ]

    /// Whether the file system of the tests supports access control lists; any other error fails the test.
    private static let areThere: Bool = {
        let list = AccessListTests.list()
        let failure = try? Workshop.with { workshop in
            setxattr(workshop.folder, AccessList.attribute, list, list.count, 0) == 0 ? 0 : errno
        }
        return failure != ENOTSUP
    }()

    @Test(
        "a library and a folder are refused if an access list lets others change them",
        .enabled(if: areThere, "the file system of /tmp has no access lists"), arguments: cases)
    func loading(_ row: Case) throws {
        for kind in ["library", "folder"] {
            try Workshop.with { workshop in
                let path = try workshop.compile(Workshop.block(major: 9))
                let target = kind == "library" ? path : workshop.folder
                let isSet = setxattr(target, AccessList.attribute, row.list, row.list.count, 0) == 0
                try #require(isSet, "\(String(cString: strerror(errno)))")
                let refusal = workshop.refusal()
                if row.isOpen {
                    #expect(refusal?.contains("\(target) can be changed by other users") == true, "\(row.what)")
                    #expect(refusal?.contains("setfacl -b \(target)") == true, "it says what to do")
                } else {
                    #expect(refusal?.hasPrefix("plugin 'test' was built with kit 9") == true, "\(row.what)")
                }
            }
        }
    }

    @Test(
        "a library that group 0 may write is refused, since the group can have members besides root",
        .enabled(if: geteuid() == 0, "only root gives a file to the group 0"))
    func groupOfRoot() throws {
        try Workshop.with { workshop in
            let path = try workshop.compile(Workshop.block())
            chown(path, 0, 0)
            chmod(path, 0o775)
            #expect(workshop.refusal() == "the library \(path) can be changed by other users (run: chmod go-w \(path))")
        }
    }

    @Test("the private group of the server's user may write")
    func ownGroup() {
        var status = stat()
        status.st_mode = S_IFREG | 0o775
        for (group, isOpen) in [(1000, false), (0, true), (1001, true)] as [(UInt32, Bool)] {
            status.st_gid = group
            #expect(WriteAccess(status: status, list: nil, server: 1000).isOpenToOthers == isOpen)
        }
    }

    @Test("an invalid access control list is refused, whatever its bytes are")
    func hostile() {
        let good = AccessListTests.list(users: [AccessListTests.user(6, AccessListTests.nobody)])
        #expect(AccessList(good)?.entries.count == 4)
        for length in 0..<good.count where length % 8 != 4 { #expect(AccessList(Array(good.prefix(length))) == nil) }
        #expect(AccessList([1, 0, 0, 0]) == nil && AccessList([2, 0, 0, 0])?.entries.isEmpty == true)
        for place in good.indices {
            var bytes = good
            bytes[place] = 0xFF
            _ = AccessList(bytes)
        }
        #expect(AccessList(AccessListTests.bytes([Entry(tag: 3, rights: 7, id: 0)])) == nil)
    }
}
