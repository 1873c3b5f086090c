// SPDX-License-Identifier: Apache-2.0

import Glibc
import OutsideText

/// The processors that the process may run on.
enum Processors {
    /// The number of processors; nil if the kernel does not report it.
    static var allowed: Int? {
        // Safe: the system is told the length of the array and writes no more.
        guard let file = unsafe fopen("/proc/self/status", "r") else { return nil }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 4096)
        while unsafe fgets(&line, Int32(line.count), file) != nil {
            let text = unsafe line.withUnsafeBytes {
                unsafe String(decoding: $0.prefix { $0 != 0 && $0 != 0x0A }, as: UTF8.self)
            }
            guard let (name, mask) = text.raw.cut(at: ":"), name == "Cpus_allowed" else { continue }
            let words = mask.trimmed().split(at: ",").compactMap { UInt32($0.string, radix: 16) }
            let count = words.reduce(0) { $0 + $1.nonzeroBitCount }
            return count > 0 ? count : nil
        }
        return nil
    }
}
