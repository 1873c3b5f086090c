// SPDX-License-Identifier: Apache-2.0

/// Where the values of `env:` and `file:` come from; replaced in tests.
public struct ReferenceSources: Sendable {
    var environment: @Sendable (String) -> String?
    var file: @Sendable (String) throws -> [UInt8]
    var exposure: @Sendable (String) -> FileExposure?

    /// Reads through functions.
    ///
    /// - Parameters:
    ///   - environment: The value of a variable, or nil.
    ///   - file: The bytes of a file.
    ///   - exposure: What others on the machine may do with a file, or nil.
    public init(
        environment: @escaping @Sendable (String) -> String?, file: @escaping @Sendable (String) throws -> [UInt8],
        exposure: @escaping @Sendable (String) -> FileExposure?
    ) {
        self.environment = environment
        self.file = file
        self.exposure = exposure
    }
}
