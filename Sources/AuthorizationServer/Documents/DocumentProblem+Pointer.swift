// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

extension DocumentProblem {
    /// The problem as an API reports it: a JSON Pointer (RFC 6901), and a sentence that says what to do.
    init(_ problem: ConfigurationProblem) {
        let pointer = problem.path.map { step in
            switch step {
            case .key(let name): "/" + name.raw.replacing("~", with: "~0").raw.replacing("/", with: "~1")
            case .element(let number): "/\(number)"
            }
        }.joined()
        self.init(pointer, problem.line)
    }
}
