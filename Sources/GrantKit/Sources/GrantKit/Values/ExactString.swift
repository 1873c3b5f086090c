// SPDX-License-Identifier: Apache-2.0

/// A string as an element of a set, compared by its bytes.
struct ExactString: Hashable {
    let text: String

    static func == (left: ExactString, right: ExactString) -> Bool {
        left.text == right.text
    }

    func hash(into hasher: inout Hasher) {
        // Safe: the bytes are read only while the string exists.
        var text = text
        text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
