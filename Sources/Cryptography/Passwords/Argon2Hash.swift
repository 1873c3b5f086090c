// SPDX-License-Identifier: Apache-2.0

import CArgon2
@_spi(Host) public import GrantKit
import OutsideText

/// A password hashed with Argon2id (RFC 9106).
public struct Argon2Hash: Sendable {
    /// The cost of computing a hash.
    struct Cost: Sendable, Equatable {
        var kibibytes: Int
        var passes: Int
        var lanes: Int
        var version: Int

        /// The cost of new hashes: 19 MiB, two passes, one lane.
        static let current = Cost(kibibytes: 19 << 10, passes: 2, lanes: 1, version: 0x13)

        /// Whether the server accepts the cost: at most 256 MiB, and at most 1 GiB written in all passes.
        var isBearable: Bool {
            (8...(256 << 10)).contains(kibibytes) && (1...16).contains(passes) && (1...16).contains(lanes)
                && kibibytes >= 8 * lanes && kibibytes * passes <= 1 << 20
        }
    }

    private let cost: Cost
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// Parses `$argon2id$v=19$m=..,t=..,p=..$salt$hash`; nil if the string is malformed or too costly to verify.
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

    /// Hashes a password with a random salt.
    ///
    /// - Throws: `CryptographyError`, for example if there is not enough memory.
    public init(hashing password: Secret) throws {
        let salt = Digest.random(16)
        (cost, self.salt) = (.current, salt)
        hash = try Argon2Hash.compute(Array(password.exposed.utf8), salt: salt, .current, length: 32)
    }

    /// Derives 32 bytes from a string with Argon2id, at the cost of new hashes.
    ///
    /// - Parameters:
    ///   - text: The string.
    ///   - salt: At least 8 bytes, different for every use.
    /// - Returns: The bytes.
    /// - Throws: `CryptographyError`, for example if there is not enough memory.
    public static func derive(_ text: Secret, salt: [UInt8]) throws -> [UInt8] {
        try compute(Array(text.exposed.utf8), salt: salt, .current, length: 32)
    }

    /// Whether the hash costs at least as much as new hashes.
    public var isCurrent: Bool {
        cost.kibibytes >= Cost.current.kibibytes && cost.passes >= Cost.current.passes
            && cost.version == Cost.current.version && hash.count >= 32
    }

    /// The hash in the format in which it is stored.
    public var text: String {
        "$argon2id$v=\(cost.version)$m=\(cost.kibibytes),t=\(cost.passes),p=\(cost.lanes)"
            + "$\(PHCString.encode(salt))$\(PHCString.encode(hash))"
    }

    /// Whether a password matches the hash; slow, so never call it on a thread that serves requests.
    public func matches(_ password: Secret) -> Bool {
        let text = Array(password.exposed.utf8)
        guard let computed = try? Argon2Hash.compute(text, salt: salt, cost, length: hash.count) else { return false }
        return equalInConstantTime(computed, hash)
    }

    /// `ARGON2_FLAG_CLEAR_PASSWORD`, a macro that Swift cannot import.
    private static let clearPassword: UInt32 = 1

    /// Computes a hash on the caller's thread only, whatever the number of lanes.
    static func compute(_ password: [UInt8], salt: [UInt8], _ cost: Cost, length: Int) throws -> [UInt8] {
        // Safe: the buffers outlive the call, which is told their lengths.
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
