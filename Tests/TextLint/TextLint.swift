// SPDX-License-Identifier: Apache-2.0

// Swift's strings are sequences of Characters: CR LF is one, so is a comma followed by a combining accent, and "K"
// equals the Kelvin sign. For splitting, cutting, searching and folding text from outside, that is wrong (decision
// 0027).
//
// The compiler prefers each declaration here to that of the standard library, so that it reports every use. 'utf8',
// arrays and other collections are not affected. The package imports this module into its own targets where warnings
// are errors, and nowhere else; no program contains it.

/// Never runs, since a use is an error.
private let refused = "a use of this is refused by the compiler"

extension StringProtocol {
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public var count: Int { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public var first: Character? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public var last: Character? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func prefix(_ length: Int) -> SubSequence { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func suffix(_ length: Int) -> SubSequence { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func prefix(while isKept: (Character) throws -> Bool) rethrows -> SubSequence { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func drop(while isDropped: (Character) throws -> Bool) rethrows -> SubSequence { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func dropFirst(_ length: Int = 1) -> SubSequence { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func dropLast(_ length: Int = 1) -> SubSequence { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func first(where isWanted: (Character) throws -> Bool) rethrows -> Character? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func last(where isWanted: (Character) throws -> Bool) rethrows -> Character? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func firstIndex(of character: Character) -> Index? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func lastIndex(of character: Character) -> Index? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func firstIndex(where isWanted: (Character) throws -> Bool) rethrows -> Index? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func lastIndex(where isWanted: (Character) throws -> Bool) rethrows -> Index? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func contains(_ character: Character) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func contains(_ other: some StringProtocol) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func contains(_ other: some Collection<Character>) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func contains(_ pattern: some RegexComponent) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func contains(where isWanted: (Character) throws -> Bool) rethrows -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func count(where isWanted: (Character) throws -> Bool) rethrows -> Int { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func allSatisfy(_ isRight: (Character) throws -> Bool) rethrows -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func hasPrefix(_ other: some StringProtocol) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func hasSuffix(_ other: some StringProtocol) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func starts(with other: some Sequence<Character>) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func starts(with pattern: some RegexComponent) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func elementsEqual(_ other: some Sequence<Character>) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func split(separator: Character, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true)
        -> [SubSequence]
    { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func split(
        separator: some Collection<Character>, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
    ) -> [SubSequence] { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func split(separator: some RegexComponent, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true)
        -> [SubSequence]
    { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func split(
        maxSplits: Int = .max, omittingEmptySubsequences: Bool = true,
        whereSeparator isSeparator: (Character) throws -> Bool
    ) rethrows -> [SubSequence] { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func map<Value>(_ change: (Character) throws -> Value) rethrows -> [Value] { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func compactMap<Value>(_ change: (Character) throws -> Value?) rethrows -> [Value] { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func flatMap<Values: Sequence>(_ change: (Character) throws -> Values) rethrows -> [Values.Element] {
        fatalError(refused)
    }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func filter(_ isKept: (Character) throws -> Bool) rethrows -> String { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func reduce<Value>(_ first: Value, _ next: (Value, Character) throws -> Value) rethrows -> Value {
        fatalError(refused)
    }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func reduce<Value>(into first: Value, _ next: (inout Value, Character) throws -> Void) rethrows -> Value {
        fatalError(refused)
    }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func forEach(_ body: (Character) throws -> Void) rethrows { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func enumerated() -> EnumeratedSequence<Self> { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func reversed() -> ReversedCollection<Self> { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(after place: Index) -> Index { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(before place: Index) -> Index { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(_ place: Index, offsetBy distance: Int) -> Index { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(_ place: Index, offsetBy distance: Int, limitedBy limit: Index) -> Index? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func distance(from start: Index, to end: Index) -> Int { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func lowercased() -> String { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func uppercased() -> String { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func firstRange(of other: some Collection<Character>) -> Range<Index>? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func firstRange(of pattern: some RegexComponent) -> Range<Index>? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func ranges(of other: some Collection<Character>) -> [Range<Index>] { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func trimmingPrefix(_ other: some Sequence<Character>) -> SubSequence { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func trimmingPrefix(while isDropped: (Character) throws -> Bool) rethrows -> SubSequence {
        fatalError(refused)
    }
}

extension RangeReplaceableCollection where Self: StringProtocol {
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func replacing(
        _ old: some Collection<Character>, with new: some Collection<Character>, maxReplacements: Int = .max
    ) -> Self { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func replacing(_ old: some RegexComponent, with new: some Collection<Character>, maxReplacements: Int = .max)
        -> Self
    { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public mutating func removeFirst() -> Character { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public mutating func removeLast() -> Character { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public mutating func removeFirst(_ length: Int) { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public mutating func removeLast(_ length: Int) { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public mutating func popLast() -> Character? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public mutating func removeAll(where isRemoved: (Character) throws -> Bool) rethrows { fatalError(refused) }
}

extension String {
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func components(separatedBy other: some StringProtocol) -> [String] { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func replacingOccurrences(of other: some StringProtocol, with new: some StringProtocol) -> String {
        fatalError(refused)
    }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func hasPrefix(_ other: String) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func hasSuffix(_ other: String) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func lowercased() -> String { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func uppercased() -> String { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public var count: Int { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(after place: Index) -> Index { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(before place: Index) -> Index { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(_ place: Index, offsetBy distance: Int) -> Index { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(_ place: Index, offsetBy distance: Int, limitedBy limit: Index) -> Index? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func distance(from start: Index, to end: Index) -> Int { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func contains(_ other: String) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public mutating func removeFirst() -> Character { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public mutating func removeLast() -> Character { fatalError(refused) }
}

extension Substring {
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func components(separatedBy other: some StringProtocol) -> [String] { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func replacingOccurrences(of other: some StringProtocol, with new: some StringProtocol) -> String {
        fatalError(refused)
    }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func hasPrefix(_ other: String) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func hasSuffix(_ other: String) -> Bool { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func lowercased() -> String { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func uppercased() -> String { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public var count: Int { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(after place: Index) -> Index { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(before place: Index) -> Index { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(_ place: Index, offsetBy distance: Int) -> Index { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func index(_ place: Index, offsetBy distance: Int, limitedBy limit: Index) -> Index? { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func distance(from start: Index, to end: Index) -> Int { fatalError(refused) }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func contains(_ other: String) -> Bool { fatalError(refused) }
}

extension StringProtocol where SubSequence == Substring {
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func wholeMatch<Output>(of pattern: some RegexComponent<Output>) -> Regex<Output>.Match? {
        fatalError(refused)
    }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func firstMatch<Output>(of pattern: some RegexComponent<Output>) -> Regex<Output>.Match? {
        fatalError(refused)
    }
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: use 'utf8'")
    public func prefixMatch<Output>(of pattern: some RegexComponent<Output>) -> Regex<Output>.Match? {
        fatalError(refused)
    }
}

// In files that import the kit, the compiler prefers its '==' and '!=', which compare bytes (decision 0036). These do
// the same, since the compiler also calls them, without a report, in a derived '==' in a file without the kit.
extension String {
    @_disfavoredOverload
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: import GrantKit")
    public static func == (left: String, right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
    @_disfavoredOverload
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: import GrantKit")
    public static func != (left: String, right: String) -> Bool { !left.utf8.elementsEqual(right.utf8) }
}

extension Optional where Wrapped == String {
    @_disfavoredOverload
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: import GrantKit")
    public static func == (left: String?, right: String?) -> Bool { isSame(left, right) }
    @_disfavoredOverload
    @available(*, deprecated, message: "works by Characters, which text from outside can bend: import GrantKit")
    public static func != (left: String?, right: String?) -> Bool { !isSame(left, right) }

    private static func isSame(_ left: String?, _ right: String?) -> Bool {
        switch (left, right) {
        case (let left?, let right?): left.utf8.elementsEqual(right.utf8)
        case (nil, nil): true
        default: false
        }
    }
}
