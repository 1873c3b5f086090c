// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Lets one request of a connection in at a time, and keeps what follows it as bytes until it has been answered.
///
/// A client may send many requests at once (RFC 9112 section 9.3.2). If they were all parsed and answered in one go, other
/// connections would wait for all of them. So the next one begins when the event loop has looked at the others, and when
/// the client takes the answers that it got, and until then no more is read.
final class PipeliningHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private enum Stage {
        /// A request may begin, or is on its way.
        case reading
        /// A request is there as a whole.
        case answering
        /// It is answered, and the next one may not begin yet.
        case pausing
        /// What follows is no request.
        case over
    }

    /// The most that is read at once, which bounds what a connection keeps.
    private static let most = 16 * 1024

    private var stage = Stage.reading
    private var end = RequestEnd()
    private var kept: ByteBuffer?
    private var isReadDue = false
    private var isInputClosed = false
    private var context: ChannelHandlerContext?

    /// Adds a handler in front of the parser.
    static func add(to pipeline: ChannelPipeline) throws -> PipeliningHandler {
        let made = PipeliningHandler()
        let operations = pipeline.syncOperations
        let parser = try operations.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try operations.addHandler(made, position: .before(parser.handler))
        return made
    }

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

    // MARK: what the requests are

    /// A request has begun, with a body of that length if that is known.
    func begin(body length: Int) {
        end.body = length
    }

    /// A request is there as a whole.
    func complete() {
        if stage == .reading { stage = .answering }
    }

    /// A request has been answered.
    func answered() {
        guard stage == .answering else { return }
        stage = .pausing
        guard kept != nil || context?.channel.isWritable != true else { return stage = .reading }
        pause()
    }

    /// Drops what follows, which is no request.
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

    /// Takes as much as may be parsed from what is kept.
    private func nextPart() -> ByteBuffer? {
        // The bytes are read while the buffer is there.
        guard var bytes = kept else { return nil }
        let length = unsafe bytes.withUnsafeReadableBytes { unsafe end.find(in: $0) }
        let part = bytes.readSlice(length: length)
        kept = bytes.readableBytes > 0 ? bytes : nil
        return part
    }
}
