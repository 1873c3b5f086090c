// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A valid document that is to be written.
package struct DocumentDraft<Document: StoredDocument>: Sendable {
    var document: Document
    /// The secret that the server made, which is shown once.
    var secret: Secret?
    /// What its author should know.
    var warnings: [DocumentProblem]

    init(_ document: Document, _ problems: [ConfigurationProblem]) {
        self.document = document
        warnings = problems.map(DocumentProblem.init)
    }
}
