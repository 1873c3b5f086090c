// SPDX-License-Identifier: Apache-2.0

package import Foundation

extension Thread {
    /// Names the thread that calls this, for debuggers and `ps`.
    ///
    /// `Thread.name` may name nothing: a new thread can run before its object knows it.
    ///
    /// - Parameter name: The name, of which the system keeps 15 bytes.
    package static func nameCurrent(_ name: String) {
        guard let comm = FileHandle(forWritingAtPath: "/proc/thread-self/comm") else { return }
        try? comm.write(contentsOf: Data(name.utf8.prefix(15)))
        try? comm.close()
    }
}
