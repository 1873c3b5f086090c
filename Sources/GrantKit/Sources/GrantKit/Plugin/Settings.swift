// SPDX-License-Identifier: Apache-2.0

/// A plugin's section of the configuration.
///
/// Read each setting once, in `init`. If a value is not valid, the problem is reported and the default returned, so one
/// run finds all problems. A key that the plugin does not read is reported as unknown.
public struct Settings: Sendable {
    private let source: any SettingsSource
    /// The place of these settings in the plugin's section: empty, or an element of a list such as `receivers[1].`.
    private let place: String

    /// For the host: makes settings from a source.
    @_spi(Host)
    public init(_ source: any SettingsSource) {
        self.init(source, at: "")
    }

    private init(_ source: any SettingsSource, at place: String) {
        self.source = source
        self.place = place
    }

    /// Reads a setting that has a default.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - fallback: The default.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The setting's value.
    public func read<Value: SettingValue>(_ key: String, default fallback: Value, _ help: String) -> Value {
        read(declaration(Value.self, key, fallback: fallback.setting, help)) ?? fallback
    }

    /// Reads a required setting.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - example: An example for the reference.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The setting's value.
    /// - Throws: `ConfigurationError` if it is missing or of another kind.
    public func read<Value: SettingValue>(_ key: String, example: Value, _ help: String) throws -> Value {
        let declaration = declaration(Value.self, key, example: example.setting, help)
        guard let value: Value = read(declaration) else {
            throw missing(declaration)
        }
        return value
    }

    /// Reads a required URL, which must be https, or http on this machine.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - example: An example for the reference.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The URL.
    /// - Throws: `ConfigurationError` if it is missing or not such a URL.
    public func read(url key: String, example: String, _ help: String) throws -> WebAddress {
        let declaration = declaration(SettingURL.self, key, example: .string(example), help)
        guard let value: SettingURL = read(declaration) else { throw missing(declaration) }
        return value.address
    }

    /// Reads an optional secret, which messages and logs never show.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case. It must contain a word such as `secret` or `password`, by which the host knows
    ///     which lines of the file its messages must not quote.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The secret; nil if it is missing or empty.
    public func read(secret key: String, _ help: String) -> Secret? {
        let value: String? = read(declaration(String.self, key, fallback: "", isSecret: true, help))
        return value.flatMap { $0.isEmpty ? nil : Secret($0) }
    }

    /// Reads a list of mappings, each with settings of its own.
    ///
    /// Errors of `read` are reported with their place, such as `receivers[1].url`, so one run finds all problems. The
    /// server does not start then.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - limit: The maximum number of elements.
    ///   - help: The purpose, in one sentence.
    ///   - read: Makes an element from its settings. Read all settings before you throw. For the reference, it is also
    ///     called once without a configuration, and its result is ignored.
    /// - Returns: The elements that could be read; empty if the setting is missing.
    public func list<Element>(
        _ key: String, atMost limit: Int = 100, _ help: String, _ read: (Settings) throws -> Element
    ) -> [Element] {
        let list = SettingDeclaration(
            key: key, expectation: "a list of mappings", fallback: .array([]), example: .null,
            bounds: "at most \(limit) mappings", help: help, isSecret: false)
        let (template, elements) = source.elements(of: list, atMost: limit)
        if let template { _ = try? read(Settings(template, at: "\(place)\(key)[].")) }
        var all: [Element] = []
        for (number, element) in elements.enumerated() {
            do {
                all.append(try read(Settings(element, at: "\(place)\(key)[\(number)].")))
            } catch let error as ConfigurationError {
                element.report("\(place)\(key)[\(number)]: \(error.message)", at: error.key ?? "")
            } catch {
                element.report("\(place)\(key)[\(number)]: \(error)", at: "")
            }
        }
        return all
    }

    /// Reads a duration between bounds.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - fallback: The default.
    ///   - bounds: The shortest and the longest duration.
    ///   - help: The purpose, in one sentence.
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
    ///   - fallback: The default.
    ///   - bounds: The smallest and the largest number.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The setting's value.
    public func read(_ key: String, default fallback: Int64, in bounds: ClosedRange<Int64>, _ help: String) -> Int64 {
        let words = "\(bounds.lowerBound) to \(bounds.upperBound)"
        let value = read(declaration(Int64.self, key, fallback: fallback.setting, bounds: words, help)) ?? fallback
        return bounded(value, bounds, words, key) ?? fallback
    }

    /// Declares a client attribute that a client has once.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - grant: The key of the grant under which it is written; nil for the top of a client's document.
    ///   - fallback: The default.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The attribute, by which the plugin reads a client's value.
    public func clientAttribute<Value: SettingValue>(
        _ name: String, under grant: String? = nil, default fallback: Value, _ help: String
    ) -> ClientAttribute<Value> {
        source.declare(AttributeDeclaration(name, at: .once(under: grant), default: fallback, help))
        return ClientAttribute(name: name, grant: grant, fallback: fallback)
    }

    /// Declares a client attribute that a client has once: a duration between bounds.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - grant: The key of the grant under which it is written; nil for the top of a client's document.
    ///   - fallback: The default.
    ///   - bounds: The shortest and the longest duration.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The attribute, by which the plugin reads a client's value.
    public func clientAttribute(
        _ name: String, under grant: String? = nil, default fallback: Duration, in bounds: ClosedRange<Duration>,
        _ help: String
    ) -> ClientAttribute<Duration> {
        source.declare(
            AttributeDeclaration(name, at: .once(under: grant), .duration(bounds), default: fallback, help))
        return ClientAttribute(name: name, grant: grant, fallback: fallback)
    }

    /// Declares a client attribute that a client has once: one of several strings.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - grant: The key of the grant under which it is written; nil for the top of a client's document.
    ///   - fallback: The default.
    ///   - words: All strings that it can be.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The attribute, by which the plugin reads a client's value.
    public func clientAttribute(
        _ name: String, under grant: String? = nil, default fallback: String, among words: [String], _ help: String
    ) -> ClientAttribute<String> {
        clientAttribute(name, under: grant, default: fallback, among: words, advice: [:], help)
    }

    /// Declares a client attribute that a client has once: one of several strings, some of which are discouraged.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - grant: The key of the grant under which it is written; nil for the top of a client's document.
    ///   - fallback: The default.
    ///   - words: All strings that it can be.
    ///   - advice: The reasons against some of the strings, by string. `grantor check` warns of a client that has one.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The attribute, by which the plugin reads a client's value.
    public func clientAttribute(
        _ name: String, under grant: String? = nil, default fallback: String, among words: [String],
        advice: [String: String], _ help: String
    ) -> ClientAttribute<String> {
        var declaration = AttributeDeclaration(
            name, at: .once(under: grant), .word(words), default: fallback, help)
        declaration.advice = advice
        source.declare(declaration)
        return ClientAttribute(name: name, grant: grant, fallback: fallback)
    }

    /// Declares a client attribute that a client can have under each grant.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - fallback: The default.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The attribute, by which the plugin reads a client's value.
    public func grantAttribute<Value: SettingValue>(
        _ name: String, default fallback: Value, _ help: String
    ) -> GrantAttribute<Value> {
        source.declare(AttributeDeclaration(name, at: .everyGrant, default: fallback, help))
        return GrantAttribute(name: name, fallback: fallback)
    }

    /// Declares a client attribute that a client can have under each grant: a duration between bounds.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - fallback: The default.
    ///   - bounds: The shortest and the longest duration.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The attribute, by which the plugin reads a client's value.
    public func grantAttribute(
        _ name: String, default fallback: Duration, in bounds: ClosedRange<Duration>, _ help: String
    ) -> GrantAttribute<Duration> {
        source.declare(AttributeDeclaration(name, at: .everyGrant, .duration(bounds), default: fallback, help))
        return GrantAttribute(name: name, fallback: fallback)
    }

    /// Declares a client attribute that a client can have under each grant: one of several strings.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - fallback: The default.
    ///   - words: All strings that it can be.
    ///   - help: The purpose, in one sentence.
    /// - Returns: The attribute, by which the plugin reads a client's value.
    public func grantAttribute(
        _ name: String, default fallback: String, among words: [String], _ help: String
    ) -> GrantAttribute<String> {
        source.declare(AttributeDeclaration(name, at: .everyGrant, .word(words), default: fallback, help))
        return GrantAttribute(name: name, fallback: fallback)
    }

    private func bounded<Value: Comparable>(
        _ value: Value, _ bounds: ClosedRange<Value>, _ words: String, _ key: String
    ) -> Value? {
        if bounds.contains(value) { return value }
        source.report("'\(place)\(key)' must be from \(words)", at: key)
        return nil
    }

    private func declaration<Value: SettingValue>(
        _ type: Value.Type, _ key: String, fallback: JSON? = nil, example: JSON = .null, bounds: String = "",
        isSecret: Bool = false, _ help: String
    ) -> SettingDeclaration {
        SettingDeclaration(
            key: key, expectation: Value.expectation, fallback: fallback, example: example, bounds: bounds, help: help,
            isSecret: isSecret)
    }

    private func missing(_ declaration: SettingDeclaration) -> ConfigurationError {
        ConfigurationError(
            "the setting '\(declaration.key)' must be \(declaration.expectation): \(declaration.help)",
            at: declaration.key)
    }

    private func read<Value: SettingValue>(_ declaration: SettingDeclaration) -> Value? {
        guard let json = source.value(of: declaration) else { return nil }
        // The unit of a bare number would be a guess.
        let isBareNumber = Value.self == Duration.self && json.integer != nil
        guard !isBareNumber, let value = Value(setting: json) else {
            let problem = Value.problem(in: json) ?? "must be \(Value.expectation)"
            source.report("'\(place)\(declaration.key)' \(problem)", at: declaration.key)
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
