// SPDX-License-Identifier: Apache-2.0

extension ConfigurationProblem {
    /// Message and note in one sentence.
    var line: String {
        switch note {
        case .text(let text): "\(message): \(text)"
        case .candidates(_, let names) where (1...20).contains(Set(names).count):
            "\(message); known are \(Set(names).sorted().joined(separator: ", "))"
        default: message
        }
    }
}
