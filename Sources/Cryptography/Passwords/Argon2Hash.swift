// SPDX-License-Identifier: Apache-2.0

import CArgon2
public import GrantKit
import OutsideText

/// A password hashed with Argon2id (RFC 9106).
public struct Argon2Hash: Sendable {
    /// What a hash costs.
    struct Cost: Sendable, Equatable {
        var kibibytes: Int
        var passes: Int
        var lanes: Int
        var version: Int

        /// What new hashes cost: 19 MiB, two passes, one lane.
        static let current = Cost(kibibytes: 19 << 10, passes: 2, lanes: 1, version: 0x13)

        /// At most 256 MiB, and at most 1 GiB written in all passes.
        var isBearable: Bool {
            (8...(256 << 10)).contains(kibibytes) && (1...16).contains(passes) && (1...16).contains(lanes)
                && kibibytes >= 8 * lanes && kibibytes * passes <= 1 << 20
        }
    }

    private let cost: Cost
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// Reads `$argon2id$v=19$m=..,t=..,p=..$salt$hash`, or gives nil if the text is none or costs more than is bearable.
    public init?(_ text: String) {
        guard let parts = PHCString(text), parts.id == "argon2id", Set(parts.parameters.keys) == ["m", "t", "p"],
            let version = PHCString.number((parts.version ?? "16").raw), version == 0x10 || version == 0x13
        else { return nil }
        cost = Cost(
            kibibytes: parts.parameters["m"] ?? 0, passes: parts.parameters["t"] ?? 0,
            lanes: parts.parameters["p"] ?? 0, version: version)
        (salt, hash) = (parts.salt, parts.hash)
        guard cost.isBearable, (8...64).contains(salt.count), (16...64).contains(hash.count) else { return nil }
    }

    /// Hashes a password with a salt of its own.
    ///
    /// - Throws: `CryptographyError`, such as for lack of memory.
    public init(hashing password: Secret) throws {
        let salt = Digest.random(16)
        (cost, self.salt) = (.current, salt)
        hash = try Argon2Hash.compute(Array(password.exposed.utf8), salt: salt, .current, length: 32)
    }

    /// The 32 bytes that Argon2id makes of a text, at the cost of new hashes.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - salt: At least 8 bytes, other ones for every use.
    /// - Returns: The bytes.
    /// - Throws: `CryptographyError`, such as for lack of memory.
    public static func derive(_ text: Secret, salt: [UInt8]) throws -> [UInt8] {
        try compute(Array(text.exposed.utf8), salt: salt, .current, length: 32)
    }

    /// Whether it costs at least what new hashes cost.
    public var isCurrent: Bool {
        cost.kibibytes >= Cost.current.kibibytes && cost.passes >= Cost.current.passes
            && cost.version == Cost.current.version && hash.count >= 32
    }

    /// The hash as it is kept.
    public var text: String {
        "$argon2id$v=\(cost.version)$m=\(cost.kibibytes),t=\(cost.passes),p=\(cost.lanes)"
            + "$\(PHCString.encode(salt))$\(PHCString.encode(hash))"
    }

    /// Whether a password is the one that was hashed; slow, so not for a request's own thread.
    public func matches(_ password: Secret) -> Bool {
        let text = Array(password.exposed.utf8)
        guard let computed = try? Argon2Hash.compute(text, salt: salt, cost, length: hash.count) else { return false }
        return equalInConstantTime(computed, hash)
    }

    /// `ARGON2_FLAG_CLEAR_PASSWORD`, a macro that Swift cannot read.
    private static let clearPassword: UInt32 = 1

    /// Computes on the caller's thread alone, whatever the number of lanes.
    static func compute(_ password: [UInt8], salt: [UInt8], _ cost: Cost, length: Int) throws -> [UInt8] {
        // The buffers outlive the call, and their lengths are told.
        var (password, salt, output) = (password, salt, [UInt8](repeating: 0, count: length))
        let status = unsafe password.withUnsafeMutableBufferPointer { password in
            unsafe salt.withUnsafeMutableBufferPointer { salt in
                unsafe output.withUnsafeMutableBufferPointer { output in
                    var context = unsafe argon2_context()
                    unsafe (context.pwd, context.pwdlen) = (password.baseAddress, UInt32(password.count))
                    unsafe (context.salt, context.saltlen) = (salt.baseAddress, UInt32(salt.count))
                    unsafe (context.out, context.outlen) = (output.baseAddress, UInt32(output.count))
                    unsafe (context.t_cost, context.m_cost) = (UInt32(cost.passes), UInt32(cost.kibibytes))
                    unsafe (context.lanes, context.threads) = (UInt32(cost.lanes), 1)
                    unsafe (context.version, context.flags) = (UInt32(cost.version), clearPassword)
                    return unsafe argon2_ctx(&context, Argon2_id)
                }
            }
        }
        guard status == ARGON2_OK.rawValue else {
            throw CryptographyError(unsafe "Argon2id: \(String(cString: argon2_error_message(status)))")
        }
        return output
    }
}
