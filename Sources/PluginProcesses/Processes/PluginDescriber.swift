// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// Asks a program for its description, with every host call refused.
package enum PluginDescriber {
    /// Starts the program, asks it to describe itself, and ends it.
    ///
    /// It blocks the thread, as loading a library does.
    ///
    /// - Parameter program: The program.
    /// - Returns: The description.
    /// - Throws: `PluginStartError`.
    package static func describe(_ program: PluginProgram) throws -> JSON {
        try output(of: [.describe(program)], program)
    }

    /// Starts the program, asks it to describe itself, calls a function that belongs to no role, and ends the program.
    ///
    /// It blocks the thread.
    ///
    /// - Returns: The output of the function.
    /// - Throws: `PluginStartError`.
    static func output(of function: String, _ input: JSON, _ program: PluginProgram) throws -> JSON {
        let call = ProgramExchange.Call(number: 2, function: function, input: input)
        return try output(of: [.describe(program), call], program)
    }

    /// The output of the last call.
    private static func output(of calls: [ProgramExchange.Call], _ program: PluginProgram) throws -> JSON {
        var exchange = try ProgramExchange(program)
        do {
            var output = JSON.null
            for call in calls { output = try exchange.output(of: call) }
            _ = exchange.end()
            return output
        } catch {
            // Its errors are all of one type, since commands show them.
            let lines = exchange.end().map { String(Substring($0.utf8.drop { $0 == 0x20 })) }
            let shown = lines.joined(separator: " / ")
            throw PluginStartError("\(error)" + (shown.isEmpty ? "" : "; it printed: \(shown)"))
        }
    }
}
