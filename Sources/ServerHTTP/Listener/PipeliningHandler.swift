// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Lets through one request of a connection at a time, and holds back the bytes after it until it has been answered.
///
/// A client may send many requests at once (RFC 9112 section 9.3.2). If they were all handled in one go, other
/// connections would have to wait. So the next request begins only after the event loop has served the other
/// connections and the client has read its responses; until then, no more bytes are read.
///
/// It is before the parser, and the request handler tells it about the progress of requests.
final class PipeliningHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private enum Stage {
        /// A request may begin or is arriving.
        case reading
        /// A request has arrived completely and is being answered.
        case answering
        /// The request has been answered, and the next one may not begin yet.
        case pausing
        /// No further request follows.
        case over
    }

    /// The maximum number of bytes read at once, which limits what a connection holds back.
    private static let most = 16 * 1024

    private var stage = Stage.reading
    private var end = RequestEnd()
    private var kept: ByteBuffer?
    private var isReadDue = false
    private var isInputClosed = false
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let options = context.channel.syncOptions
        try? options?.setOption(.maxMessagesPerRead, value: 1)
        let allocator = AdaptiveRecvByteBufferAllocator(
            minimum: 1024, initial: 2048, maximum: PipeliningHandler.most)
        try? options?.setOption(.recvAllocator, value: allocator)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    // MARK: progress of requests

    /// Records that a request has begun, with the length of its body or 0 if it is unknown.
    func begin(body length: Int) {
        end.body = length
    }

    /// Records that a request has arrived completely.
    func complete() {
        if stage == .reading { stage = .answering }
    }

    /// Records that a request has been answered.
    func answered() {
        guard stage == .answering else { return }
        stage = .pausing
        guard kept != nil || context?.channel.isWritable != true else { return stage = .reading }
        pause()
    }

    /// Drops everything that follows.
    func finish() {
        stage = .over
    }

    // MARK: bytes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard stage != .over else { return }
        var bytes = unwrapInboundIn(data)
        if kept?.writeBuffer(&bytes) == nil { kept = bytes }
        pass(context)
    }

    func read(context: ChannelHandlerContext) {
        if kept == nil { context.read() } else { isReadDue = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if stage == .pausing { pause() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if kept != nil, event as? ChannelEvent == .inputClosed { return isInputClosed = true }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        kept = nil
        context.fireChannelInactive()
    }

    private func pause() {
        guard let context else { return }
        EventLoopExecutor.afterOthers(on: context.eventLoop) { self.resume() }
    }

    private func resume() {
        guard stage == .pausing, let context, context.channel.isWritable else { return }
        stage = .reading
        pass(context)
        context.fireChannelReadComplete()
        if isReadDue, kept == nil {
            isReadDue = false
            context.read()
        }
    }

    private func pass(_ context: ChannelHandlerContext) {
        while stage == .reading, let part = nextPart() {
            context.fireChannelRead(wrapInboundOut(part))
        }
        if stage == .over { kept = nil }
        guard isInputClosed, kept == nil else { return }
        isInputClosed = false
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// Takes as many of the held bytes as may be parsed now.
    private func nextPart() -> ByteBuffer? {
        // Safe: the buffer outlives the reading of its bytes.
        guard var bytes = kept else { return nil }
        let length = unsafe bytes.withUnsafeReadableBytes { unsafe end.find(in: $0) }
        let part = bytes.readSlice(length: length)
        kept = bytes.readableBytes > 0 ? bytes : nil
        return part
    }
}
