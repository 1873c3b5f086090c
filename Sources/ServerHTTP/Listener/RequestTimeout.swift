// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Limits how long a client may take to send headers and body and to read the response, but not how long the server
/// takes to respond.
///
/// If the headers do not arrive, the connection is closed, since there is nothing to respond to. If the body does not
/// arrive, the client gets a response.
final class RequestTimeout {
    /// What the server is waiting for.
    enum Awaited {
        case headers
        case body
        case delivery
        case nothing
    }

    private let header: TimeAmount
    private let body: TimeAmount
    private let connection: HTTP2ConnectionHandler?
    private var awaited = Awaited.nothing { didSet { isWaiting = awaited != .nothing } }
    private var isWaiting = false { didSet { note(oldValue) } }
    private var deadline = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?
    private var bodyIsLate: () -> Void = {}

    /// Creates a timeout.
    ///
    /// - Parameters:
    ///   - header: How long the client may take to send the headers, and how long to read the response.
    ///   - body: How long the client may take to send the body.
    ///   - connection: The connection of the stream, for HTTP/2.
    init(header: TimeAmount, body: TimeAmount, connection: HTTP2ConnectionHandler? = nil) {
        self.header = header
        self.body = body
        self.connection = connection
    }

    /// Begins to wait for the headers.
    ///
    /// - Parameters:
    ///   - context: The connection or stream that is closed when time is up.
    ///   - bodyIsLate: Called if the body does not arrive in time.
    func start(_ context: ChannelHandlerContext, bodyIsLate: @escaping () -> Void) {
        self.bodyIsLate = bodyIsLate
        expect(.headers)
        schedule(context, in: min(header, body))
    }

    /// Waits for nothing any more.
    func stop() {
        timer?.cancel()
        awaited = .nothing
    }

    /// Begins to wait for something else.
    func expect(_ awaited: Awaited) {
        self.awaited = awaited
        deadline = .now() + (awaited == .body ? body : header)
    }

    private func note(_ wasWaiting: Bool) {
        guard isWaiting != wasWaiting else { return }
        connection?.changeWaiting(by: isWaiting ? 1 : -1)
    }

    /// Sets the timer of the connection; one timer that checks deadlines is cheaper than one timer for each request.
    private func schedule(_ context: ChannelHandlerContext, in time: TimeAmount) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.look(context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        let rest = deadline - .now()
        guard awaited != .nothing else { return schedule(context, in: min(header, body)) }
        guard rest <= .zero else { return schedule(context, in: min(rest, min(header, body))) }
        switch awaited {
        case .headers: context.close(promise: nil)
        case .delivery: lookForDelivery(context, rest)
        case .body:
            schedule(context, in: min(header, body))
            bodyIsLate()
        case .nothing: break
        }
    }

    /// Closes the connection if the client has read the response and sent nothing since, or if it has not read the
    /// response within the time for headers and body.
    private func lookForDelivery(_ context: ChannelHandlerContext, _ rest: TimeAmount) {
        guard isDelivered(context) || rest <= .zero - body else { return schedule(context, in: rest + body) }
        context.close(promise: nil)
    }

    /// Whether the client has read the response; checked at the deadline, since a promise for each response costs more.
    private func isDelivered(_ context: ChannelHandlerContext) -> Bool {
        // An HTTP/2 stream ends with its response, so if it still exists, the response has not been read. Streams do
        // not have the option below, and asking for it would end the process.
        guard connection == nil else { return false }
        return (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) == 0
    }
}
