// SPDX-License-Identifier: Apache-2.0

/// The limits of requests.
public enum Limit {
    /// The longest body, in bytes.
    public static let body = 64 * 1024
    /// The most parameters in a request.
    public static let parameters = 100
    /// The longest client secret, in bytes.
    public static let secret = 512
    /// The longest sealed string in a URL, in bytes: it fits into a request line with the rest of a request.
    static let sealed = 12_000
}
