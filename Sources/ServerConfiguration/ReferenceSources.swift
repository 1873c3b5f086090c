// SPDX-License-Identifier: Apache-2.0

/// The sources of the values that `env:` and `file:` refer to; tests replace them.
public struct ReferenceSources: Sendable {
    var environment: @Sendable (String) -> String?
    var file: @Sendable (String) throws -> [UInt8]
    var exposure: @Sendable (String) -> FileExposure?

    /// Creates sources from functions.
    ///
    /// - Parameters:
    ///   - environment: Returns the value of an environment variable, or nil if it is not set.
    ///   - file: Returns the bytes of a file.
    ///   - exposure: Returns the excessive permissions of a file, or nil if it has none.
    public init(
        environment: @escaping @Sendable (String) -> String?, file: @escaping @Sendable (String) throws -> [UInt8],
        exposure: @escaping @Sendable (String) -> FileExposure?
    ) {
        self.environment = environment
        self.file = file
        self.exposure = exposure
    }
}
