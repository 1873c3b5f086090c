// SPDX-License-Identifier: Apache-2.0

/// The kind of values that an attribute accepts.
///
/// It is data, so values can be checked without calling the plugin.
@_spi(Host)
public enum ValueKind: Sendable {
    /// True or false.
    case bool
    /// Any string.
    case string
    /// A string or a list of strings.
    case strings
    /// A whole number.
    case integer
    /// A duration, between bounds if there are any.
    case duration(ClosedRange<Duration>?)
    /// One of several strings.
    case word([String])
    /// A type of the plugin, which alone can check a value.
    case custom

    init(of type: any SettingValue.Type) {
        switch type {
        case is Bool.Type: self = .bool
        case is String.Type: self = .string
        case is [String].Type: self = .strings
        case is Int64.Type: self = .integer
        case is Duration.Type: self = .duration(nil)
        default: self = .custom
        }
    }

    /// The kind of value, in words; nil if the type says it.
    var expectation: String? {
        switch self {
        case .duration(let bounds?): "\(Duration.expectation), from \(bounds.words)"
        case .word(let words): "one of \(words.joined(separator: ", "))"
        default: nil
        }
    }

    /// Whether a value is of this kind; nil if only the plugin's type can say.
    public func accepts(_ value: JSON) -> Bool? {
        switch self {
        case .bool: return value.bool != nil
        case .string: return value.string != nil
        case .strings: return [String](setting: value) != nil
        case .integer: return value.integer != nil
        case .duration(let bounds):
            guard let duration = Duration(setting: value) else { return false }
            return bounds?.contains(duration) ?? true
        case .word(let words):
            guard let word = value.string else { return false }
            return words.contains(word)
        case .custom: return nil
        }
    }
}
