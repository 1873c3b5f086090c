// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The values that an attribute accepts, as data: the reference can print it, and another process can check it.
///
/// Takes the place of the closure `AttributeDeclaration.accepts`.
/// `SettingValue` will name its kind, which is `custom` by default.
enum ValueKind: Sendable, Hashable {
    case bool
    case string
    case strings
    case integer(ClosedRange<Int64>)
    case duration(ClosedRange<Duration>)
    case word([String])
    /// A type of the plugin. Only the plugin can check a value, so the server has to ask it.
    case custom

    func accepts(_ value: JSON) -> Bool {
        switch self {
        case .bool: Bool(setting: value) != nil
        case .string: String(setting: value) != nil
        case .strings: [String](setting: value) != nil
        case .integer(let bounds): Int64(setting: value).map(bounds.contains) ?? false
        case .duration(let bounds): Duration(setting: value).map(bounds.contains) ?? false
        case .word(let words): value.string.map { words.contains($0) } ?? false
        case .custom: value != .null
        }
    }
}
