// SPDX-License-Identifier: Apache-2.0

/// Whether two strings have the same bytes; `==` also takes canonical equivalents for one, as "K" and the Kelvin sign.
func haveSameBytes(_ left: String, _ right: String) -> Bool {
    // The first comparison is the faster one, and nearly always enough to tell them apart.
    left == right && left.utf8.elementsEqual(right.utf8)
}
