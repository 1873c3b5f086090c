// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads one section of a 64-bit little-endian ELF file without loading it.
struct ELFFile {
    /// What to do about a static library.
    static let remedy = "give the product in its Package.swift 'type: .dynamic', and build it again"
    /// The first bytes of a static library, with and without the code in it (ar(5)).
    private static let archives = ["!<arch>\n", "!<thin>\n"]

    private let path: String
    private let descriptor: Descriptor

    private final class Descriptor {
        let number: Int32
        init?(_ path: String) {
            number = unsafe open(path, O_RDONLY | O_CLOEXEC)
            if number < 0 { return nil }
        }
        deinit { close(number) }
    }

    init(path: String) throws {
        // Safe: 'strerror' returns a string that ends with NUL.
        guard let descriptor = Descriptor(path) else {
            throw PluginLoadingError(
                "the library \(path) cannot be read", note: unsafe String(cString: strerror(errno)))
        }
        self.path = path
        self.descriptor = descriptor
    }

    private var notALibrary: PluginLoadingError {
        PluginLoadingError("\(path) is not a shared library for this machine", note: "expected a 64-bit ELF file")
    }

    /// The content of a section; nil if there is none of that name.
    func section(named name: String, limit: Int = 4096) throws -> [UInt8]? {
        let header = try header()
        let table = (offset: header.number(40, 8), size: header.number(58, 2), count: header.number(60, 2))
        guard table.size == 64, table.count > 0, table.count <= 1024 else { throw notALibrary }
        let sections = try read(at: table.offset, count: table.size * table.count)
        let names = try names(sections, at: header.number(62, 2))
        for number in 0..<table.count {
            let entry = sections[(number * 64)..<(number * 64 + 64)]
            let start = Array(entry).number(0, 4)
            guard start < names.count, names[start...].prefix(while: { $0 != 0 }).elementsEqual(name.utf8) else {
                continue
            }
            let (offset, size) = (Array(entry).number(24, 8), Array(entry).number(32, 8))
            guard size <= limit else { throw notALibrary }
            return try read(at: offset, count: size)
        }
        return nil
    }

    private func header() throws -> [UInt8] {
        let start = try read(at: 0, count: 8)
        guard !ELFFile.archives.contains(where: { start.elementsEqual($0.utf8) }) else {
            throw PluginLoadingError("\(path) is a static library, not a shared one", note: ELFFile.remedy)
        }
        let header = try read(at: 0, count: 64)
        // ELF magic, 64 bits, little-endian, and a shared object.
        guard header.prefix(6).elementsEqual([0x7F, 0x45, 0x4C, 0x46, 2, 1]), header.number(16, 2) == 3 else {
            throw notALibrary
        }
        return header
    }

    private func names(_ sections: [UInt8], at number: Int) throws -> [UInt8] {
        guard (number + 1) * 64 <= sections.count else { throw notALibrary }
        let entry = Array(sections[(number * 64)..<(number * 64 + 64)])
        let size = entry.number(32, 8)
        guard size <= 1 << 20 else { throw notALibrary }
        return try read(at: entry.number(24, 8), count: size)
    }

    private func read(at offset: Int, count: Int) throws -> [UInt8] {
        // Safe: the system is told the size of the array and writes no more.
        guard offset >= 0, count >= 0, count <= 1 << 20 else { throw notALibrary }
        var bytes = [UInt8](repeating: 0, count: count)
        guard unsafe pread(descriptor.number, &bytes, count, offset) == count else { throw notALibrary }
        return bytes
    }
}

extension [UInt8] {
    /// A little-endian number; one that does not fit into an `Int` becomes -1, which no reader accepts.
    fileprivate func number(_ offset: Int, _ width: Int) -> Int {
        let value = self[offset..<(offset + width)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(exactly: value) ?? -1
    }
}
