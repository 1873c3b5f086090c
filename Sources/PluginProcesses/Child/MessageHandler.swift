// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// A plugin in a process of its own, which handles what the server sends.
package protocol MessageHandler: Sendable {
    /// Answers a call, cancels one, or passes a reply on.
    ///
    /// - Parameter message: The message of the server.
    func take(_ message: JSON)
}
