// SPDX-License-Identifier: Apache-2.0

/// A plugin's section of the configuration.
///
/// Read each setting once, in `init`. A bad value is reported and the default returned, so that one run finds all
/// problems; a key that nobody read is an unknown key.
public struct Settings: Sendable {
    private let source: any SettingsSource

    /// For the host: settings out of a source.
    public init(_ source: any SettingsSource) {
        self.source = source
    }

    /// Reads a setting that has a default.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - fallback: The value if the file has none.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The setting's value.
    public func read<Value: SettingValue>(_ key: String, default fallback: Value, _ help: String) -> Value {
        read(declaration(Value.self, key, fallback: fallback.setting, help)) ?? fallback
    }

    /// Reads a setting that the file must have.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - example: A value for the reference.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The setting's value.
    /// - Throws: `ConfigurationError` if it is missing or of another kind.
    public func read<Value: SettingValue>(_ key: String, example: Value, _ help: String) throws -> Value {
        let declaration = declaration(Value.self, key, example: example.setting, help)
        guard let value: Value = read(declaration) else {
            throw ConfigurationError("the setting '\(key)' must be \(Value.expectation): \(help)", at: key)
        }
        return value
    }

    /// Reads a duration between bounds.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - fallback: The duration if the file has none.
    ///   - bounds: The shortest and the longest.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The setting's value.
    public func read(
        _ key: String, default fallback: Duration, in bounds: ClosedRange<Duration>, _ help: String
    ) -> Duration {
        let words = bounds.words
        let value = read(declaration(Duration.self, key, fallback: fallback.setting, bounds: words, help)) ?? fallback
        return bounded(value, bounds, words, key) ?? fallback
    }

    /// Reads a whole number between bounds.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - fallback: The number if the file has none.
    ///   - bounds: The smallest and the largest.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The setting's value.
    public func read(_ key: String, default fallback: Int64, in bounds: ClosedRange<Int64>, _ help: String) -> Int64 {
        let words = "\(bounds.lowerBound) to \(bounds.upperBound)"
        let value = read(declaration(Int64.self, key, fallback: fallback.setting, bounds: words, help)) ?? fallback
        return bounded(value, bounds, words, key) ?? fallback
    }

    /// Declares an attribute of clients and gives the slot by which it is read.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - level: Where it stands in a client's document.
    ///   - fallback: The value of a client that has none.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The slot.
    public func clientAttribute<Value: SettingValue>(
        _ name: String, on level: AttributeLevel, default fallback: Value, _ help: String
    ) -> ClientAttribute<Value> {
        let attribute = ClientAttribute(name: name, level: level, fallback: fallback)
        source.declare(AttributeDeclaration(attribute, help: help))
        return attribute
    }

    /// Declares a duration that clients carry, between bounds, and gives the slot by which it is read.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - level: Where it stands in a client's document.
    ///   - fallback: The value of a client that has none.
    ///   - bounds: The shortest and the longest.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The slot.
    public func clientAttribute(
        _ name: String, on level: AttributeLevel, default fallback: Duration, in bounds: ClosedRange<Duration>,
        _ help: String
    ) -> ClientAttribute<Duration> {
        let attribute = ClientAttribute(name: name, level: level, fallback: fallback)
        source.declare(AttributeDeclaration(attribute, in: bounds, help: help))
        return attribute
    }

    /// Declares a word that clients carry, one of several, and gives the slot by which it is read.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - level: Where it stands in a client's document.
    ///   - fallback: The value of a client that has none.
    ///   - words: All values that it may have.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The slot.
    public func clientAttribute(
        _ name: String, on level: AttributeLevel, default fallback: String, among words: [String], _ help: String
    ) -> ClientAttribute<String> {
        let attribute = ClientAttribute(name: name, level: level, fallback: fallback)
        source.declare(AttributeDeclaration(attribute, among: words, help: help))
        return attribute
    }

    private func bounded<Value: Comparable>(
        _ value: Value, _ bounds: ClosedRange<Value>, _ words: String, _ key: String
    ) -> Value? {
        if bounds.contains(value) { return value }
        source.report("'\(key)' must be from \(words)", at: key)
        return nil
    }

    private func declaration<Value: SettingValue>(
        _ type: Value.Type, _ key: String, fallback: JSON? = nil, example: JSON = .null, bounds: String = "",
        _ help: String
    ) -> SettingDeclaration {
        SettingDeclaration(
            key: key, expectation: Value.expectation, fallback: fallback, example: example, bounds: bounds, help: help)
    }

    private func read<Value: SettingValue>(_ declaration: SettingDeclaration) -> Value? {
        guard let json = source.value(of: declaration) else { return nil }
        // A bare number is too easily meant in another unit.
        let isBareNumber = Value.self == Duration.self && json.integer != nil
        guard !isBareNumber, let value = Value(setting: json) else {
            source.report("'\(declaration.key)' must be \(Value.expectation)", at: declaration.key)
            return nil
        }
        return value
    }
}

extension ClosedRange<Duration> {
    var words: String {
        "\(lowerBound.setting.string ?? "") to \(upperBound.setting.string ?? "")"
    }
}
