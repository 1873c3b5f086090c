// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// The names of types that the source files of a new plugin use, and that its own type must not hide.
enum ReservedNames {
    private static let all = String(decoding: PackageResources.reserved_names_txt, as: UTF8.self).raw.split(at: "\n")

    static func contain(_ name: String) -> Bool {
        // The types that the kit lends to tests have names such as 'TestHost'.
        name.raw.starts(with: "Test") || all.contains(name.raw)
    }
}
