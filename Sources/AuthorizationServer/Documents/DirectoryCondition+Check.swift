// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension DirectoryCondition {
    /// Whether it names states, so that it no longer holds once another change was faster.
    var isAboutOneState: Bool {
        if case .version = self { true } else { false }
    }

    /// Checks the state of a document.
    ///
    /// - Parameter version: The document's state, nil if there is none.
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
                version == nil ? "there is none of this id" : "it is in another state than the condition names")
        }
    }
}
