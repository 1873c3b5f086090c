// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
import GrantKit

/// A file with keys that is named on the command line.
enum KeyFile {
    /// The content of a file, or of standard input if its name is '-'.
    ///
    /// - Throws: `Failure` if it cannot be read.
    static func contents(_ name: String) throws -> String {
        // Reads through a handle, since a shell often passes a pipe.
        let handle = name == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: name)
        guard let handle, let data = try? handle.read(upToCount: Limit.body + 1) ?? Data(), data.count <= Limit.body,
            let text = String(validating: data, as: UTF8.self)
        else { throw Failure("the file '\(name)' cannot be read, is longer than \(Limit.body) bytes or is not UTF-8") }
        return text
    }
}
