// SPDX-License-Identifier: Apache-2.0

/// For the host: compares two byte strings in a time that depends only on their lengths.
///
/// Plugins compare values of `Secret`.
///
/// - Parameters:
///   - left: The first byte string.
///   - right: The second byte string.
/// - Returns: Whether they are equal.
@_spi(Host)
public func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for place in left.indices { difference |= left[place] ^ right[place] }
    return difference == 0
}
