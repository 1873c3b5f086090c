// SPDX-License-Identifier: Apache-2.0

/// A refusal that the client learns of (RFC 6749 sections 4.1.2.1 and 5.2).
///
/// The core logs any other error of a plugin. A `StoreError` becomes `temporarily_unavailable`, all others
/// `server_error`.
public struct OAuthError: Error, Sendable {
    /// An error code.
    ///
    /// Extensions of OAuth define more of them.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The code as it is sent.
        public let rawValue: String

        /// Makes a code.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }
    }

    /// The error code.
    public var code: Code
    /// The description for the client's developer, in the characters that RFC 6749 section 5.2 allows.
    public var description: String
    /// The reason, which only the log shows.
    public var reason: String?
    /// Additional headers of the response.
    public var headers: [String: String]
    /// The HTTP status, from 400 to 599; nil or another number for the usual one of the code.
    public var status: Int?
    /// For the host: the id of the plugin that refused, for the log.
    @_spi(Host)
    public var plugin: String?

    /// Makes a refusal.
    ///
    /// - Parameters:
    ///   - code: The error code.
    ///   - description: The description for the client's developer. Characters that RFC 6749 section 5.2 does not allow
    ///     are replaced by question marks.
    ///   - reason: The reason, which only the log shows; never a secret.
    ///   - headers: Additional headers of the response.
    ///   - status: The HTTP status, from 400 to 599; nil or another number for the usual one of the code.
    public init(
        _ code: Code, _ description: String = "", reason: String? = nil, headers: [String: String] = [:],
        status: Int? = nil
    ) {
        self.code = code
        self.description = OAuthError.allowed(description)
        self.reason = reason
        self.headers = headers
        self.status = status
    }

    /// The text with a question mark for every other character than those of RFC 6749 section 5.2.
    private static func allowed(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isAllowed($0) ? $0 : "?" }))
    }

    /// RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        0x20...0x7E ~= scalar.value && scalar != "\"" && scalar != "\\"
    }

    /// The refusal of a client that sends too many requests (RFC 6585 section 4).
    ///
    /// - Parameters:
    ///   - wait: The time until the client may try again. It is sent in whole seconds, rounded up, and at least one.
    ///   - reason: The reason, which only the log shows; never a secret.
    /// - Returns: `temporarily_unavailable` with the status 429 and `Retry-After`.
    public static func tooManyRequests(retryAfter wait: Duration, reason: String? = nil) -> OAuthError {
        // The components of a longer duration trap.
        let (seconds, rest) = min(max(wait, .seconds(1)), .seconds(Int64.max)).components
        return OAuthError(
            .temporarilyUnavailable, "the client has sent too many requests", reason: reason,
            headers: ["Retry-After": "\(rest > 0 ? seconds + 1 : seconds)"], status: 429)
    }

    /// The refusal of a grant that is unknown, expired, revoked or another client's.
    ///
    /// The client cannot tell which.
    ///
    /// - Parameter reason: The reason, which only the log shows; never a secret.
    /// - Returns: `invalid_grant`.
    public static func invalidGrant(reason: String) -> OAuthError {
        OAuthError(.invalidGrant, "the grant is invalid, expired or revoked", reason: reason)
    }
}

extension OAuthError.Code {
    /// A parameter is missing, repeated or malformed.
    public static let invalidRequest = OAuthError.Code(rawValue: "invalid_request")
    /// The client is unknown or did not authenticate.
    public static let invalidClient = OAuthError.Code(rawValue: "invalid_client")
    /// The grant is invalid, expired, revoked or another client's.
    public static let invalidGrant = OAuthError.Code(rawValue: "invalid_grant")
    /// The client may not use this grant.
    public static let unauthorizedClient = OAuthError.Code(rawValue: "unauthorized_client")
    /// No plugin provides this grant.
    public static let unsupportedGrantType = OAuthError.Code(rawValue: "unsupported_grant_type")
    /// The scope is malformed or exceeds what the client may have.
    public static let invalidScope = OAuthError.Code(rawValue: "invalid_scope")
    /// The audience is malformed or exceeds what the client may have (RFC 8707 section 2).
    public static let invalidTarget = OAuthError.Code(rawValue: "invalid_target")
    /// The user or the server denied the request (RFC 6749 section 4.1.2.1).
    public static let accessDenied = OAuthError.Code(rawValue: "access_denied")
    /// No flow serves this response type (RFC 6749 section 4.1.2.1).
    public static let unsupportedResponseType = OAuthError.Code(rawValue: "unsupported_response_type")
    /// The access token is unknown, expired or revoked (RFC 6750 section 3.1).
    public static let invalidToken = OAuthError.Code(rawValue: "invalid_token")
    /// The access token does not have the required scope (RFC 6750 section 3.1).
    public static let insufficientScope = OAuthError.Code(rawValue: "insufficient_scope")
    /// The server failed.
    public static let serverError = OAuthError.Code(rawValue: "server_error")
    /// The server is too busy, or its store cannot be reached.
    public static let temporarilyUnavailable = OAuthError.Code(rawValue: "temporarily_unavailable")
}
