// SPDX-License-Identifier: Apache-2.0

public import Testing

/// Names the clause of a specification that a test proves.
public struct ClauseTrait: TestTrait, SuiteTrait {
    /// The clause, such as `RFC 7636 section 4.6`.
    public let clause: String
}

extension Trait where Self == ClauseTrait {
    /// The clause of a specification that a test proves.
    public static func clause(_ text: String) -> ClauseTrait {
        ClauseTrait(clause: text)
    }
}
