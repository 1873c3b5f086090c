// SPDX-License-Identifier: Apache-2.0

/// What a plugin adds to the consent page.
///
/// It can only make consent stricter.
public struct ConsentTerms: Sendable {
    /// Whether the user is asked each time, and the answer is not remembered.
    public private(set) var isAskedEachTime = false
    /// The warnings, in the order in which they are shown.
    public private(set) var warnings: [ConsentWarning] = []

    /// Makes terms that add nothing.
    public init() {}

    /// Asks the user each time, even for a first-party client, and does not remember the answer.
    ///
    /// What the user allowed is nevertheless listed among the consents, so that the user can end it.
    public mutating func askEachTime() {
        isAskedEachTime = true
    }

    /// Adds a warning.
    public mutating func add(_ warning: ConsentWarning) {
        warnings.append(warning)
    }
}
