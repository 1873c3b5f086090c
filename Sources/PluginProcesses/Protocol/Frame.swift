// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// A frame of the protocol: the length of a JSON object in four bytes, the most significant first, and the object.
package enum Frame {
    /// The largest object, in bytes.
    package static let largest = 1 << 20
    /// The largest object that answers a call: a page of an endpoint is as large as an object, and has more around it.
    package static let largestAnswer = 2 << 20
    /// The deepest nesting of an object, which is more than a value from outside can have, since there is more around it.
    package static let deepest = 2 * JSON.deepest
    /// The deepest nesting of what a plugin passes to the server, so that it fits into what others are sent.
    package static let deepestInside = deepest - 16
    static let header = 4

    /// The bytes of a frame.
    ///
    /// - Parameters:
    ///   - object: The object.
    ///   - largest: The most bytes that it may have.
    /// - Returns: The length and the object.
    /// - Throws: `FrameError` if the object is too large or too deep, which no reader accepts.
    package static func bytes(_ object: JSON, largest: Int = Frame.largest) throws -> [UInt8] {
        guard object.isNested(atMost: deepest) else {
            throw FrameError("a frame is nested more than \(deepest) deep")
        }
        var bytes: [UInt8] = [0, 0, 0, 0]
        bytes.reserveCapacity(2048)
        object.write(to: &bytes)
        let length = bytes.count - header
        guard length <= largest else { throw FrameError("a frame of \(length) bytes is larger than \(largest)") }
        for place in 0..<header { bytes[place] = UInt8(truncatingIfNeeded: length >> (8 * (header - 1 - place))) }
        return bytes
    }
}

/// The error for bytes that are not a frame, or for an object that fits into none.
package struct FrameError: Error, CustomStringConvertible {
    /// What is wrong.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Cuts what arrives into frames.
package struct FrameReader {
    private var bytes: [UInt8] = []
    private var start = 0
    private let largest: Int

    /// Makes a reader that has received nothing yet, of frames up to a size.
    package init(largest: Int = Frame.largest) {
        self.largest = largest
    }

    /// The bytes of the object that was found last.
    package private(set) var length = 0
    /// Whether a frame has begun and not ended.
    package var isInside: Bool { start < bytes.count }

    /// Adds what has arrived.
    package mutating func add(_ received: some Sequence<UInt8>) {
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 65536)
            start = 0
        }
        bytes.append(contentsOf: received)
    }

    /// The object of the next frame; nil if it has not arrived completely.
    ///
    /// - Throws: `FrameError` if the frame is too large, or not a JSON object.
    package mutating func next() throws -> JSON? {
        guard bytes.count - start >= Frame.header else { return nil }
        length = bytes[start..<start + Frame.header].reduce(0) { $0 << 8 | Int($1) }
        guard 1...largest ~= length else {
            throw FrameError("it sent a frame of \(length) bytes; a frame has 1 to \(largest) bytes")
        }
        let end = start + Frame.header + length
        guard bytes.count >= end else { return nil }
        defer { consume(to: end) }
        do {
            let object = try JSON(parsing: bytes[(start + Frame.header)..<end], depth: Frame.deepest)
            guard case .object = object else { throw FrameError("it sent a frame that is not a JSON object") }
            return object
        } catch let error as JSONError {
            throw FrameError("it sent a frame that is not JSON: \(error.message)")
        }
    }

    private mutating func consume(to end: Int) {
        start = end
        guard start > 1 << 16 else { return }
        bytes.removeSubrange(..<start)
        start = 0
    }
}
