// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// What is printed to descriptor 1, where only plugins and their libraries print.
final class PrintedText: Sendable {
    private let file: Int32
    private let length = Mutex<off_t>(0)

    /// Leads descriptor 1 into a file; nil if there can be none.
    static func capture() -> PrintedText? {
        // Safe: the stream is never closed, so that its descriptor stays open.
        guard let stream = unsafe tmpfile() else { return nil }
        let file = unsafe fileno(stream)
        guard dup2(file, STDOUT_FILENO) >= 0 else { return nil }
        return PrintedText(file)
    }

    private init(_ file: Int32) {
        self.file = file
    }

    /// Passes on what was printed since the last call to standard error, as the server does.
    ///
    /// - Returns: The number of bytes.
    func passOn() -> Int {
        // Safe: the system writes no more bytes than the arrays hold, and only during the calls.
        fflush(nil)
        var status = stat()
        return length.withLock { length in
            guard unsafe fstat(file, &status) == 0, status.st_size > length else { return 0 }
            var block = [UInt8](repeating: 0, count: min(Int(status.st_size - length), 1 << 16))
            let count = unsafe pread(file, &block, block.count, length)
            if count > 0 { FileHandle.standardError.write(Data(block.prefix(count))) }
            defer { length = status.st_size }
            return Int(status.st_size - length)
        }
    }
}
