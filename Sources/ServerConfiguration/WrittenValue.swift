// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// A single value, as a configuration file has it.
package enum WrittenValue {
    /// Reads a number, `true`, a list and so on; anything that is not YAML is a string.
    package static func of(_ text: String) -> JSON {
        SourceFile.parse(Array(text.utf8), name: "").file.root.map(ValueReader.written) ?? .string(text)
    }
}
