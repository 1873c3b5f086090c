// SPDX-License-Identifier: Apache-2.0

/// A line for a crash report: which plugin was called, and by which request.
///
/// It is written when the call begins and its memory never moves, so a signal handler can print it. It contains no
/// secret.
@safe public final class CrashNote: Sendable {
    private static let longest = 255

    /// The line in UTF-8, which ends with NUL; valid for as long as this object exists.
    public nonisolated(unsafe) let text: UnsafeMutablePointer<CChar>

    init(_ line: String) {
        // Safe: the memory has a place for each byte and for the NUL, and this object frees it.
        let bytes = line.utf8.prefix(CrashNote.longest).map { CChar(truncatingIfNeeded: $0) } + [0]
        let memory = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (place, byte) in bytes.enumerated() { unsafe memory[place] = byte }
        unsafe self.text = unsafe memory
    }

    deinit {
        unsafe text.deallocate()
    }
}
