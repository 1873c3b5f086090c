// SPDX-License-Identifier: Apache-2.0

/// A type of settings and client attributes.
public protocol SettingValue: Sendable {
    /// The kind of value, as messages call it: "a string", "true or false".
    static var expectation: String { get }
    /// Reads a value; nil if it is of another kind.
    init?(setting: JSON)
    /// The value as the configuration would have it.
    var setting: JSON { get }
    /// What is wrong with a value that cannot be read, more precisely than the expectation.
    ///
    /// - Parameter setting: The value.
    /// - Returns: The problem, as the rest of a sentence that begins with the name of the setting; nil if the
    ///   expectation says it.
    static func problem(in setting: JSON) -> String?
}

extension SettingValue {
    /// No more than the expectation.
    public static func problem(in setting: JSON) -> String? { nil }
}

extension String: SettingValue {
    /// The kind of value, as messages call it.
    public static var expectation: String { "a string" }

    /// Reads a string.
    public init?(setting: JSON) {
        guard let text = setting.string else { return nil }
        self = text
    }

    /// The string.
    public var setting: JSON { .string(self) }
}

extension Bool: SettingValue {
    /// The kind of value, as messages call it.
    public static var expectation: String { "true or false" }

    /// Reads a Boolean.
    public init?(setting: JSON) {
        guard let value = setting.bool else { return nil }
        self = value
    }

    /// The Boolean.
    public var setting: JSON { .bool(self) }
}

extension Int64: SettingValue {
    /// The kind of value, as messages call it.
    public static var expectation: String { "a whole number" }

    /// Reads a whole number.
    public init?(setting: JSON) {
        guard let number = setting.integer else { return nil }
        self = number
    }

    /// The number.
    public var setting: JSON { .integer(self) }
}

extension [String]: SettingValue {
    /// The kind of value, as messages call it.
    public static var expectation: String { "a string or a list of strings" }

    /// Reads a string or a list of strings.
    public init?(setting: JSON) {
        guard setting.string != nil || setting.strings.count == setting.elements.count, setting.members.isEmpty,
            setting.string != nil || setting == .strings(setting.strings)
        else { return nil }
        self = setting.strings
    }

    /// The list.
    public var setting: JSON { .strings(self) }
}

extension Duration: SettingValue {
    /// The kind of value, as messages call it.
    public static var expectation: String { "a duration such as 90s, 15m, 12h or 30d" }

    /// Reads a number of seconds, or a number with the unit s, m, h or d.
    public init?(setting: JSON) {
        if let seconds = setting.integer, seconds >= 0 {
            self = .seconds(seconds)
        } else {
            guard let text = setting.string?.utf8, let unit = text.last, let number = Int64(Substring(text.dropLast())),
                let factor = Duration.factor(of: unit), number >= 0,
                case (let seconds, false) = number.multipliedReportingOverflow(by: factor)
            else { return nil }
            self = .seconds(seconds)
        }
    }

    private static func factor(of unit: UInt8) -> Int64? {
        switch unit {
        case UInt8(ascii: "s"): 1
        case UInt8(ascii: "m"): 60
        case UInt8(ascii: "h"): 3600
        case UInt8(ascii: "d"): 86400
        default: nil
        }
    }

    /// The duration in the largest unit that divides it.
    public var setting: JSON {
        let seconds = components.seconds
        for (unit, factor) in [("d", Int64(86400)), ("h", 3600), ("m", 60)] where seconds > 0 && seconds % factor == 0 {
            return .string("\(seconds / factor)\(unit)")
        }
        return .string("\(seconds)s")
    }
}
