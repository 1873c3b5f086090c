// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

/// A channel whose TLS handshake must be done in time.
struct HandshakeLimit<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let time: TimeAmount

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        let time = time
        return base.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let tls = try pipeline.context(handlerType: NIOSSLServerHandler.self)
            try pipeline.addHandler(HandshakeTimeoutHandler(time), position: .after(tls.handler))
            return value
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
