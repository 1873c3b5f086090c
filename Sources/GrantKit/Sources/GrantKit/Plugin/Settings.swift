// SPDX-License-Identifier: Apache-2.0

/// A plugin's section of the configuration.
///
/// Read each setting once, in `init`. A bad value is reported and the default returned, so that one run finds all
/// problems; a key that nobody read is an unknown key.
public struct Settings: Sendable {
    private let source: any SettingsSource
    /// Where these settings are within those of the plugin: nothing, or a place in a list such as `receivers[1].`.
    private let place: String

    /// For the host: settings out of a source.
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
            throw missing(declaration)
        }
        return value
    }

    /// Reads a URL that the file must have: https, or http on this machine.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - example: A URL for the reference.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The URL.
    /// - Throws: `ConfigurationError` if it is missing or may not be used.
    public func read(url key: String, example: String, _ help: String) throws -> WebAddress {
        let declaration = declaration(SettingURL.self, key, example: .string(example), help)
        guard let value: SettingURL = read(declaration) else { throw missing(declaration) }
        return value.address
    }

    /// Reads a secret, which nothing shows; the file need not have it.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case, with a word that says that it is a secret, such as `secret` or `password`:
    ///     by that word the host knows the lines that no message may quote.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The secret; nil if the file has none or an empty one.
    public func read(secret key: String, _ help: String) -> Secret? {
        let value: String? = read(declaration(String.self, key, fallback: "", isSecret: true, help))
        return value.flatMap { $0.isEmpty ? nil : Secret($0) }
    }

    /// Reads a list of mappings, each with settings of its own.
    ///
    /// What `read` throws is reported with its place, such as `receivers[1].url`, so that one run finds all problems.
    /// The start is refused afterwards.
    ///
    /// - Parameters:
    ///   - key: The key, in snake case.
    ///   - limit: The most elements that the list may have.
    ///   - help: What it is for, in one sentence.
    ///   - read: Makes an element of its settings; read all of them before you throw. It is also called once without a
    ///     file, for the reference, and what it returns then is dropped.
    /// - Returns: The elements that could be read; none if the file has no list.
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

    /// Declares an attribute that a client has once, and gives the slot by which it is read.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - grant: The key of the grant under which it is written; nil for the top of a client's document.
    ///   - fallback: The value of a client that has none.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The slot.
    public func clientAttribute<Value: SettingValue>(
        _ name: String, under grant: String? = nil, default fallback: Value, _ help: String
    ) -> ClientAttribute<Value> {
        source.declare(AttributeDeclaration(name, at: .once(under: grant), default: fallback, help))
        return ClientAttribute(name: name, grant: grant, fallback: fallback)
    }

    /// Declares a duration between bounds that a client has once, and gives the slot by which it is read.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - grant: The key of the grant under which it is written; nil for the top of a client's document.
    ///   - fallback: The value of a client that has none.
    ///   - bounds: The shortest and the longest.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The slot.
    public func clientAttribute(
        _ name: String, under grant: String? = nil, default fallback: Duration, in bounds: ClosedRange<Duration>,
        _ help: String
    ) -> ClientAttribute<Duration> {
        source.declare(
            AttributeDeclaration(name, at: .once(under: grant), .duration(bounds), default: fallback, help))
        return ClientAttribute(name: name, grant: grant, fallback: fallback)
    }

    /// Declares one of several words that a client has once, and gives the slot by which it is read.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - grant: The key of the grant under which it is written; nil for the top of a client's document.
    ///   - fallback: The value of a client that has none.
    ///   - words: All values that it may have.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The slot.
    public func clientAttribute(
        _ name: String, under grant: String? = nil, default fallback: String, among words: [String], _ help: String
    ) -> ClientAttribute<String> {
        source.declare(AttributeDeclaration(name, at: .once(under: grant), .word(words), default: fallback, help))
        return ClientAttribute(name: name, grant: grant, fallback: fallback)
    }

    /// Declares an attribute that a client can have under each grant, and gives the slot by which it is read.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - fallback: The value under a grant that has none.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The slot.
    public func grantAttribute<Value: SettingValue>(
        _ name: String, default fallback: Value, _ help: String
    ) -> GrantAttribute<Value> {
        source.declare(AttributeDeclaration(name, at: .everyGrant, default: fallback, help))
        return GrantAttribute(name: name, fallback: fallback)
    }

    /// Declares a duration between bounds that a client can have under each grant, and gives the slot by which it is
    /// read.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - fallback: The value under a grant that has none.
    ///   - bounds: The shortest and the longest.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The slot.
    public func grantAttribute(
        _ name: String, default fallback: Duration, in bounds: ClosedRange<Duration>, _ help: String
    ) -> GrantAttribute<Duration> {
        source.declare(AttributeDeclaration(name, at: .everyGrant, .duration(bounds), default: fallback, help))
        return GrantAttribute(name: name, fallback: fallback)
    }

    /// Declares one of several words that a client can have under each grant, and gives the slot by which it is read.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - fallback: The value under a grant that has none.
    ///   - words: All values that it may have.
    ///   - help: What it is for, in one sentence.
    /// - Returns: The slot.
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
        // A bare number is too easily meant in another unit.
        let isBareNumber = Value.self == Duration.self && json.integer != nil
        guard !isBareNumber, let value = Value(setting: json) else {
            source.report("'\(place)\(declaration.key)' must be \(Value.expectation)", at: declaration.key)
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
