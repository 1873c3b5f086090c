// SPDX-License-Identifier: Apache-2.0

extension PluginSettings {
    /// What is wrong with the settings, if they do not come from a file.
    ///
    /// - Parameter id: The plugin's id.
    /// - Returns: The problems, each with its advice.
    package func problems(of id: String) -> [String] {
        let diagnostics = Diagnostics(SourceFile.parse([], name: "").file)
        finish(id, at: [], diagnostics)
        return diagnostics.all.map { problem in
            [problem.message, problem.note].compactMap(\.self).joined(separator: "; ")
        }
    }
}
