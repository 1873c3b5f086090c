// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

/// A TLS channel that is closed when the handshake takes too long or the connection is idle.
struct TLSLimit<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let time: TimeAmount
    let idle: TimeAmount

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        let (time, idle) = (time, idle)
        return base.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let tls = try pipeline.context(handlerType: NIOSSLServerHandler.self)
            try pipeline.addHandler(TLSTimeoutHandler(handshake: time, idle: idle), position: .after(tls.handler))
            return value
        }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
