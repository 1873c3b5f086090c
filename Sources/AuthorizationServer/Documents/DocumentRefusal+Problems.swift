// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension DocumentRefusal {
    init(_ kind: Kind, at pointer: String = "", _ message: String) {
        self.init(kind, [DocumentProblem(pointer, message)])
    }

    /// Refuses a document because of these problems; nil if none of them is an error.
    init?(_ problems: [ConfigurationProblem]) {
        let errors = problems.filter { $0.severity == .error }
        guard !errors.isEmpty else { return nil }
        self.init(.invalid, errors.map(DocumentProblem.init))
    }
}
