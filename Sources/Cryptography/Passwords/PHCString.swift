// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// The parts of a hash in the PHC string format of the Password Hashing Competition:
/// `$id$v=..$name=number,..$salt$hash`.
struct PHCString {
    let id: String
    let version: String?
    let parameters: [String: Int]
    let salt: [UInt8]
    let hash: [UInt8]

    /// Parses a string strictly: nothing may be left over, repeated or padded.
    init?(_ text: String) {
        guard text.utf8.count <= 512 else { return nil }
        var parts = text.raw.split(at: "$", keepingEmpty: true)
        guard parts.count >= 5, parts.removeFirst().isEmpty else { return nil }
        id = parts.removeFirst().string
        version = parts[0].starts(with: "v=") ? parts.removeFirst().dropFirst(2).string : nil
        guard parts.count == 3, let parameters = PHCString.parameters(parts[0]),
            let salt = PHCString.decode(parts[1]), let hash = PHCString.decode(parts[2])
        else { return nil }
        (self.parameters, self.salt, self.hash) = (parameters, salt, hash)
    }

    /// The parameters; nil if one is not a plain number or is repeated.
    private static func parameters(_ text: RawText) -> [String: Int]? {
        var found: [String: Int] = [:]
        for part in text.split(at: ",", keepingEmpty: true) {
            guard let (name, value) = part.cut(at: "="), name.isPlain, let number = number(value),
                found.updateValue(number, forKey: name.string) == nil
            else { return nil }
        }
        return found
    }

    /// A number without leading zeros; nil if the text is not one.
    static func number(_ text: RawText) -> Int? {
        guard let number = digits(text), text == "\(number)".raw else { return nil }
        return number
    }

    /// A number that consists of digits only; nil if the text is not one.
    static func digits(_ text: RawText) -> Int? {
        text.bytes.allSatisfy { 0x30...0x39 ~= $0 } ? Int(text.string) : nil
    }

    /// Decodes base64 without padding, where some programs write a dot for the plus sign.
    static func decode(_ text: RawText) -> [UInt8]? {
        guard !text.bytes.contains(where: { "-_=".utf8.contains($0) }) else { return nil }
        return Base64URL.decode(either: text.bytes.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "+") : $0 })
    }

    static func encode(_ bytes: [UInt8]) -> String {
        Base64URL.encode(bytes).raw.replacing("-", with: "+").raw.replacing("_", with: "/")
    }
}
