// SPDX-License-Identifier: Apache-2.0

import CPluginLibrary
import Glibc
import GrantKit
import Logging
import Synchronization

/// The server as libraries with the C interface see it.
///
/// Libraries may call its functions on any thread, with any bytes. All of it is copied and checked before it is used.
enum CHost {
    private static let logger = Logger(label: "grantor")
    /// The addresses of the structures, by plugin; libraries keep them until the process ends.
    private static let hosts = Mutex<[String: UInt]>([:])

    /// The structure for a plugin.
    static func pointer(for plugin: String) -> UnsafePointer<grantor_host>? {
        let address = hosts.withLock { hosts in
            let address = hosts[plugin] ?? make(plugin)
            hosts[plugin] = address
            return address
        }
        return unsafe UnsafePointer(bitPattern: address)
    }

    private static func make(_ plugin: String) -> UInt {
        // Safe: the structure and the name are never freed, because a library may use them at any time.
        let host = UnsafeMutablePointer<grantor_host>.allocate(capacity: 1)
        unsafe host.initialize(
            to: grantor_host(
                version: UInt32(GRANTOR_LIBRARY_VERSION), size: UInt32(MemoryLayout<grantor_host>.size),
                plugin: strdup(plugin), answer: { unsafe CHost.answer($0, $1, $2, $3) },
                ask: { unsafe CHost.ask($0, $1, $2, $3, CReply($4, $5)) }))
        return UInt(bitPattern: host)
    }

    // MARK: what a library sends

    /// An object that a library sends.
    ///
    /// - Throws: `FrameError`, or `JSONError`.
    private static func object(_ bytes: UnsafePointer<CChar>?, _ length: Int, largest: Int) throws -> JSON {
        // Safe: the library vouches for the length, which is within the limit of a frame.
        guard let bytes = unsafe bytes, 1...largest ~= length else {
            throw FrameError("it sent \(length) bytes; a message has 1 to \(largest) bytes")
        }
        let object = try unsafe JSON(
            parsing: UnsafeRawBufferPointer(start: bytes, count: length), depth: Frame.deepest)
        guard case .object = object else { throw FrameError("it sent a message that is not a JSON object") }
        return object
    }

    private static func answer(
        _ host: UnsafePointer<grantor_host>?, _ number: UInt64, _ bytes: UnsafePointer<CChar>?, _ length: Int
    ) {
        guard let call = PendingCalls.remove(number) else {
            return logger.warning(
                "a plugin answered a call that it was not asked or has answered; the answer was dropped",
                metadata: ["plugin": "\(unsafe name(host))", "call": "\(number)"])
        }
        do {
            call.end(CallOutcome(try unsafe object(bytes, length, largest: Frame.largestAnswer)))
        } catch let error as JSONError {
            call.end(.failure("it sent a message that is not JSON: \(error.message)"))
        } catch {
            call.end(.failure("\(error)"))
        }
    }

    /// Safe: the structure is the one that the server has made, if the library passes what it was given.
    private static func name(_ host: UnsafePointer<grantor_host>?) -> String {
        guard let host = unsafe host, let name = unsafe host.pointee.plugin else { return "" }
        return unsafe String(cString: name)
    }

    private static func ask(
        _ host: UnsafePointer<grantor_host>?, _ number: UInt64, _ bytes: UnsafePointer<CChar>?, _ length: Int,
        _ reply: CReply
    ) {
        do {
            let object = try unsafe object(bytes, length, largest: Frame.largest)
            let question = HostQuestion(
                number: 0, function: try object.required("function", \.string), input: object["input"] ?? [:],
                reply: reply.send)
            guard let call = PendingCalls.find(number) else { return reply.refuse(PluginProcess.ended) }
            if let refusal = call.ask(question) { reply.refuse(refusal) }
        } catch {
            reply.refuse("it is not a host call: \(error)")
        }
    }
}

/// Takes the reply to a host call of a library.
struct CReply: Sendable {
    /// The address of the function; 0 if the library does not wait for the reply.
    private let function: UInt
    private let context: UInt

    init(_ function: grantor_reply?, _ context: UnsafeMutableRawPointer?) {
        // Safe: a function and a pointer are kept as addresses, which any thread may have.
        self.function = unsafe function.map { unsafe unsafeBitCast($0, to: UInt.self) } ?? 0
        self.context = UInt(bitPattern: context)
    }

    /// Passes a reply on; it must be called once.
    @Sendable func send(_ reply: JSON) {
        // Safe: the address is that of the function, and the bytes outlive the call.
        guard let function = unsafe unsafeBitCast(function, to: grantor_reply?.self) else { return }
        var bytes = reply.bytes
        if bytes.count > Frame.largest { bytes = CReply.refusal("the reply is larger than a frame").bytes }
        unsafe bytes.withUnsafeBytes { bytes in
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            unsafe function(UnsafeMutableRawPointer(bitPattern: context), start, bytes.count)
        }
    }

    func refuse(_ why: String) {
        send(CReply.refusal(why))
    }

    private static func refusal(_ why: String) -> JSON {
        ServerMessage.refusal(0, "refused", why)
    }
}
