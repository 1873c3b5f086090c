// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The processors that the process may run on, which its starter may have limited.
enum Processors {
    /// How many they are, or nil if the kernel does not say.
    static var allowed: Int? {
        guard let file = fopen("/proc/self/status", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = line.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 && $0 != 0x0A }, as: UTF8.self) }
            guard text.hasPrefix("Cpus_allowed:") else { continue }
            let count = text.dropFirst(13).compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount }
            return count > 0 ? count : nil
        }
        return nil
    }
}
