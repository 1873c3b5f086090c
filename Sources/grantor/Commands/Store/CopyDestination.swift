// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit

/// Where a copy is written to.
enum CopyDestination {
    case file(NewFile)
    case output

    /// Opens the destination, before anything is read.
    ///
    /// - Parameter path: The path of a file that does not exist, or `-` for standard output.
    /// - Throws: `Failure`.
    init(_ path: String) throws {
        guard path == "-" else {
            self = .file(try NewFile(path))
            return
        }
        guard !StandardOutput.isTerminal else {
            throw Failure("a copy contains private keys, so it is not written to a terminal; name a file")
        }
        self = .output
        if StandardOutput.isReadByOthers {
            let warning = "warning: others can read this copy, which contains private keys; use 'umask 077'"
            LogWriter.standardError.write("\(warning)\n")
        }
    }

    func write(_ bytes: [UInt8]) throws {
        switch self {
        case .file(let file): try file.write(bytes)
        case .output: try StandardOutput.write(bytes)
        }
    }

    func finish() throws {
        if case .file(let file) = self { try file.finish() }
    }

    /// Says what was done: where the copy is not.
    func report(_ line: String) {
        if case .output = self { LogWriter.standardError.write("\(line)\n") } else { StandardOutput.print(line) }
    }
}
