// SPDX-License-Identifier: Apache-2.0

/// Whether two strings have the same bytes; `==` also takes canonical equivalents for one, as "K" and the Kelvin sign.
///
/// `==` is not even tried first: where both are longer than ASCII it normalizes them, which takes a stranger's strings
/// hundreds of times as long.
func haveSameBytes(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
}
