// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A message to a user.
struct Message: Sendable {
    /// The way it travels, such as `mail` or `sms`.
    var channel: String
    /// The address in that channel.
    var recipient: String
    /// The name of one of the texts that the plugin added together with a page.
    var text: String
    var values: [String: String]
    /// For how long it is of use.
    var limit: Duration
}

/// Sends messages to users.
protocol MessageService: Sendable {
    /// The write that sends a message, to be committed with what the message is about.
    ///
    /// - Throws: `ConfigurationError` if nothing carries messages of this channel.
    func send(_ message: Message) async throws -> StoreWrite
}

/// A message in the user's language.
struct RenderedMessage: Sendable {
    var recipient: String
    var subject: String
    var body: String
}

/// Carries messages of one channel.
protocol MessageCarrier: LaterRole {
    var channel: String { get }
    /// Carries a message. An error means that it is tried again, until the message is of no use.
    func carry(_ message: RenderedMessage) async throws
}

extension MessageCarrier {
    var line: String { "carries \(channel)" }
}

/// Opens connections that are not HTTP, under the network policy of outbound requests.
protocol ConnectionService: Sendable {
    func connect(to host: String, port: UInt16, startsTLS: Bool) async throws -> any Connection
}

/// A connection to another server.
///
/// Every call has a time limit.
protocol Connection: Sendable {
    func send(_ bytes: [UInt8]) async throws
    /// The next bytes; empty at the end.
    func receive() async throws -> [UInt8]
    func close() async
}
