// SPDX-License-Identifier: Apache-2.0

/// The reason why a file is not valid YAML, or uses YAML that a configuration must not use.
struct YAMLError: Error {
    var message: String
    var note: String?
    var mark: Mark

    init(message: String, note: String? = nil, mark: Mark) {
        self.message = message
        self.note = note
        self.mark = mark
    }
}
