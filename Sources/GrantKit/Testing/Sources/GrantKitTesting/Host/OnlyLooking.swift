// SPDX-License-Identifier: Apache-2.0

/// Marks a HEAD request, which a server answers like GET but without any effect (RFC 9110 section 9.3.2).
enum OnlyLooking {
    @TaskLocal private static var mark = false

    /// Whether nothing may be written, sent or recorded.
    static var isCurrent: Bool { mark }

    /// Serves a HEAD request.
    static func during<Value>(_ serve: () async throws -> Value) async throws -> Value {
        try await $mark.withValue(true) { try await serve() }
    }
}
