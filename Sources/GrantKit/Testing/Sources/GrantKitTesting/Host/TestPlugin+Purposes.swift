// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension TestPlugin {
    /// Opens the page on which a user is asked, after an endpoint has started an interaction.
    ///
    /// - Parameter answer: The response of the endpoint.
    /// - Returns: The page.
    /// - Throws: `HostRefusal` if the response starts no interaction.
    public func approval(after answer: TestAnswer) throws -> TestApproval {
        guard case .interaction(let purpose, let context) = answer.response.content else {
            throw HostRefusal("the endpoint has not started an interaction: return .interaction(_:context:)")
        }
        return try approval(purpose, context: context)
    }

    /// Opens the page on which a user is asked, as in a browser tab of its own.
    ///
    /// - Parameters:
    ///   - purpose: The name of the purpose.
    ///   - context: What the endpoint passed when it started the interaction.
    /// - Returns: The page.
    /// - Throws: `HostRefusal` if the plugin has no such purpose.
    public func approval(_ purpose: String, context: JSON) throws -> TestApproval {
        guard let found = registry.purposes.first(where: { $0.name == purpose }) else {
            throw HostRefusal("the plugin has no purpose '\(purpose)': add registry.add(purpose:) in register")
        }
        return TestApproval(of: found, context, self)
    }
}
