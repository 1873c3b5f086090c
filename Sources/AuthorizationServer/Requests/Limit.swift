// SPDX-License-Identifier: Apache-2.0

/// What bounds everything that comes in.
public enum Limit {
    /// The longest body, in bytes.
    public static let body = 64 * 1024
    /// The most parameters of a request.
    public static let parameters = 100
    /// The longest client secret, in bytes.
    public static let secret = 512
    /// The longest sealed text in an address, in bytes: it fits into a request line together with the rest of a request.
    static let sealed = 12_000
}
