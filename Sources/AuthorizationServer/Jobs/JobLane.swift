// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The jobs for one destination, whose keys are adjacent in the store.
enum JobLane {
    /// The destination in a payload; jobs for one destination do not delay jobs for another.
    static func destination(_ payload: JSON) -> String? {
        payload["destination"]?.string ?? payload["client"]?.string
    }

    static func name(_ handler: String, _ payload: JSON, _ cryptography: any CryptographyService) -> String {
        cryptography.digest("\(handler)\u{0}\(destination(payload) ?? "")")
    }

    static func key(_ lane: String, due: Timestamp, _ random: String) -> String {
        let digits = String(max(due.seconds, 0))
        return "\(lane).\(String(repeating: "0", count: max(0, 12 - digits.utf8.count)))\(digits).\(random)"
    }

    /// The lane of a key; a key without a lane is its own lane.
    static func name(of key: String) -> String {
        key.utf8.firstIndex(of: UInt8(ascii: ".")).map { String(key[..<$0]) } ?? key
    }

    /// When the job was due at the time its record was written.
    static func due(of key: String) -> Timestamp {
        let parts = key.utf8.split(separator: UInt8(ascii: "."))
        return Timestamp(seconds: parts.count == 3 ? Int64(String(decoding: parts[1], as: UTF8.self)) ?? 0 : 0)
    }

    /// Strings before and after all keys of a lane: '.' and '/' sort before digits and letters.
    static func start(_ lane: String) -> String { "\(lane)." }
    static func end(_ lane: String) -> String { "\(lane)/" }
}
