// SPDX-License-Identifier: Apache-2.0

/// Finds where a request of HTTP/1 may end in the bytes of its connection, before they are parsed.
///
/// It ends behind an empty line, which also ends a body in chunks (RFC 9112 section 7.1), or where its length says. It is
/// found too often, since a body in chunks may hold empty lines, and never too late.
struct RequestEnd {
    /// How much of a body with a known length is still to come.
    var body = 0

    private var isLineEmpty = false

    /// How many bytes may be parsed at once without parsing more than one request.
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
