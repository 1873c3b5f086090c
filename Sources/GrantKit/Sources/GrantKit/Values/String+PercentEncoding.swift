// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The string as a name or value in a query or a form: all characters except unreserved ones are percent-encoded
    /// (RFC 3986 section 2.3).
    public var percentEncoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count)
        for byte in utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Decodes a name or value of a query like a lenient server: a percent sign that begins no escape is kept.
    init(percentDecoding encoded: some Sequence<UInt8>) {
        var (decoded, rest) = ([UInt8](), Array(encoded)[...])
        while let byte = rest.popFirst() {
            let digits =
                byte == UInt8(ascii: "%") && rest.count >= 2 ? String(decoding: rest.prefix(2), as: UTF8.self) : ""
            if let escaped = UInt8(digits, radix: 16) {
                decoded.append(escaped)
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        self.init(decoding: decoded, as: UTF8.self)
    }
}
