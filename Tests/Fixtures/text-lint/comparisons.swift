// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit

// 'Scripts/lint' compiles this file with 'Tests/TextLint' and the kit's own comparisons, which the compiler must
// prefer.

func byBytes(_ text: String, _ other: String?, _ all: [String], _ pairs: [(name: String, value: String)]) {
    _ = text == "x" || text != "x" || other == "x" || "x" != other || other == nil || other != nil
    _ = text == other || other == other || all.first == text || text != other ?? "x"
    _ = all.contains(text) || all.contains { $0 == text } || all.allSatisfy { $0 != other } || Set(all).contains(text)
    _ = pairs.first { $0.name == text && $0.value != other }.map { $0.value == text } ?? (other == text)
}
