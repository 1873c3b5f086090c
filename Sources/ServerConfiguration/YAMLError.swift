// SPDX-License-Identifier: Apache-2.0

/// Why a file is not the YAML that a configuration is written in.
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
