// SPDX-License-Identifier: Apache-2.0

/// A string as an element of a set, compared by its bytes.
struct ExactString: Hashable {
    let text: String

    static func == (left: ExactString, right: ExactString) -> Bool {
        left.text == right.text
    }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
