// SPDX-License-Identifier: Apache-2.0

/// The parts of a hash in the format of the Password Hashing Competition: `$id$v=..$name=number,..$salt$hash`.
struct PHCString {
    let id: String
    let version: String?
    let parameters: [String: Int]
    let salt: [UInt8]
    let hash: [UInt8]

    /// Reads a text strictly: nothing may be left over, repeated or padded.
    init?(_ text: String) {
        var parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard text.utf8.count <= 512, parts.count >= 5, parts.removeFirst().isEmpty else { return nil }
        id = String(parts.removeFirst())
        version = parts[0].hasPrefix("v=") ? String(parts.removeFirst().dropFirst(2)) : nil
        guard parts.count == 3, let parameters = PHCString.parameters(parts[0]),
            let salt = PHCString.decode(parts[1]), let hash = PHCString.decode(parts[2])
        else { return nil }
        (self.parameters, self.salt, self.hash) = (parameters, salt, hash)
    }

    /// The parameters, or nil if one is no plain number or stands twice.
    private static func parameters(_ text: Substring) -> [String: Int]? {
        var found: [String: Int] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "=", omittingEmptySubsequences: false)
            guard halves.count == 2, let number = number(halves[1]), found[String(halves[0])] == nil else {
                return nil
            }
            found[String(halves[0])] = number
        }
        return found
    }

    /// A number in its shortest form.
    static func number(_ text: some StringProtocol) -> Int? {
        guard let number = Int(text), number >= 0, text == "\(number)" else { return nil }
        return number
    }

    /// Base64 without padding; some writers use a dot for the plus sign.
    static func decode(_ text: Substring) -> [UInt8]? {
        guard !text.contains(where: { "-_=".contains($0) }) else { return nil }
        return Base64URL.decode(either: text.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "+") : $0 })
    }

    static func encode(_ bytes: [UInt8]) -> String {
        String(Base64URL.encode(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
    }
}
