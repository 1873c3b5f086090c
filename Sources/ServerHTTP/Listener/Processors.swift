// SPDX-License-Identifier: Apache-2.0

import Glibc
import OutsideText

/// The processors that the process may run on, which its starter may have limited.
enum Processors {
    /// How many they are, or nil if the kernel does not say.
    static var allowed: Int? {
        // The system writes no more than the length that it is told.
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
