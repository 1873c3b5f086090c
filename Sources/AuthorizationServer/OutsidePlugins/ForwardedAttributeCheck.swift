// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The check of client attributes of a plugin from outside.
struct ForwardedAttributeCheck: AttributeCheck {
    let inner: any AttributeCheck
    let threads: PluginThreads

    func problems(with values: [AttributeValue]) async throws -> [String?] {
        try await threads.call("problems") { [inner] in try await inner.problems(with: values) }
    }
}
