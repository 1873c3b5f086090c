// SPDX-License-Identifier: Apache-2.0

extension ConfigurationProblem {
    /// The message and its note on one line.
    var line: String {
        switch note {
        case .text(let text): "\(message): \(text)"
        case .candidates(_, let names) where (1...20).contains(Set(names).count):
            "\(message); known values: \(Set(names).sorted().joined(separator: ", "))"
        default: message
        }
    }
}
