// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension DirectoryCondition {
    /// Whether the condition names versions, so that it no longer holds once another change has won.
    var isAboutOneState: Bool {
        if case .version = self { true } else { false }
    }

    /// Checks the condition against a document.
    ///
    /// - Parameter version: The document's version; nil if there is no document.
    /// - Throws: `DocumentRefusal` if the condition does not hold.
    func check(_ version: String?) throws {
        let holds =
            switch self {
            case .any: true
            case .exists: version != nil
            case .absent: version == nil
            case .version(let known): version.map { known.contains($0) } ?? false
            @unknown default: false
            }
        guard holds else {
            throw DocumentRefusal(
                .changed,
                version == nil
                    ? "there is no document with this id" : "the version of the document does not match")
        }
    }
}
