// SPDX-License-Identifier: Apache-2.0

import Logging
import ServerConfiguration

extension Diagnostics {
    /// Prints to standard error on the log's thread, so that a slow reader does not delay requests.
    func print() {
        if !text.isEmpty { LogWriter.standardError.write(text) }
    }

    /// Prints as part of the log: a program that reads lines of JSON can read nothing else.
    func print(to logger: Logger, as format: String) {
        guard !LogOutput.isHuman(format) else { return self.print() }
        for problem in lines {
            var metadata: Logger.Metadata = ["file": "\(problem.file)"]
            if let line = problem.line { metadata["line"] = "\(line)" }
            if let column = problem.column { metadata["column"] = "\(column)" }
            if let note = problem.note { metadata["note"] = "\(note)" }
            logger.log(level: problem.severity == .error ? .error : .warning, "\(problem.message)", metadata: metadata)
        }
    }
}
