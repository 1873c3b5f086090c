// SPDX-License-Identifier: Apache-2.0

/// Finds where an HTTP/1 request may end in the bytes of its connection, before they are parsed.
///
/// A request ends after an empty line, which also ends a chunked body (RFC 9112 section 7.1), or after the declared
/// length. An end may be found too early, since a chunked body may contain empty lines, but never too late.
struct RequestEnd {
    /// The number of remaining bytes of a body with a declared length.
    var body = 0

    private var isLineEmpty = false

    /// The number of bytes that contain at most one request, so that they may be parsed at once.
    mutating func find(in bytes: UnsafeRawBufferPointer) -> Int {
        guard body == 0 else { return takeBody(bytes.count) }
        for index in bytes.indices {
            let byte = unsafe bytes[index]
            if byte == UInt8(ascii: "\r") { continue }
            guard byte == UInt8(ascii: "\n") else {
                isLineEmpty = false
                continue
            }
            isLineEmpty.toggle()
            if !isLineEmpty { return index + 1 }
        }
        return bytes.count
    }

    private mutating func takeBody(_ most: Int) -> Int {
        let taken = min(body, most)
        body -= taken
        return taken
    }
}
