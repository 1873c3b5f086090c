// SPDX-License-Identifier: Apache-2.0

/// A regular expression over a whole audience, matched in linear time (decision 0028).
///
/// Clients are checked for an audience before they have authenticated, so each byte costs a bounded number of steps
/// whatever the pattern: the positions of a Glushkov automaton are kept as a bit set, and nothing is tried twice.
struct AudiencePattern: Sendable {
    /// The longest pattern, and the longest audience that is matched, in bytes.
    static let longest = 512
    /// The most characters that a pattern may match, once its repetitions are expanded.
    static let mostPositions = 256

    /// Why a pattern is not valid.
    struct Problem: Error, Equatable {
        /// The position of the mistake, counted from 1 after the `#`.
        let position: Int
        let message: String
    }

    /// Positions of the pattern, one bit each.
    struct Positions: Sendable, Equatable {
        private var words = SIMD4<UInt64>()

        var isEmpty: Bool { words == SIMD4<UInt64>() }

        mutating func insert(_ position: Int) {
            words[position >> 6 & 3] |= 1 << UInt64(position & 63)
        }

        mutating func formUnion(_ other: Positions) { words |= other.words }

        func intersection(_ other: Positions) -> Positions {
            var result = self
            result.words &= other.words
            return result
        }

        func visit(_ body: (Int) -> Void) {
            for index in 0..<4 {
                var word = words[index]
                while word != 0 {
                    body(index << 6 | word.trailingZeroBitCount)
                    word &= word - 1
                }
            }
        }
    }

    private let start: Fragment
    /// The positions that may follow each position.
    private var followers: [Positions] = []
    /// The positions at which each byte can occur.
    private var accepting = [Positions](repeating: Positions(), count: 128)

    /// The positions with which an expanded expression begins and ends.
    private struct Fragment: Sendable {
        var first = Positions()
        var last = Positions()
        var isNullable = true
    }

    /// Compiles a pattern, without the `#` that marks it in the configuration.
    ///
    /// - Throws: `Problem` if the pattern is too large or outside the supported subset.
    init(_ text: String) throws(Problem) {
        let tree = try AudiencePatternParser.parse(Array(text.utf8))
        var automaton = Automaton()
        start = automaton.add(tree)
        followers = automaton.followers
        for (position, bytes) in automaton.bytes.enumerated() {
            for byte in 0x21...0x7E where bytes.contains(UInt8(byte)) { accepting[byte].insert(position) }
        }
    }

    /// Whether the pattern matches a whole audience.
    func matches(_ audience: some Collection<UInt8>) -> Bool {
        compare(audience).isMatch
    }

    /// Matches an audience, and counts the positions that were visited.
    func compare(_ audience: some Collection<UInt8>) -> (isMatch: Bool, steps: Int) {
        guard audience.count <= AudiencePattern.longest else { return (false, 0) }
        guard !audience.isEmpty else { return (start.isNullable, 0) }
        var (steps, next, active) = (0, start.first, Positions())
        for byte in audience {
            guard byte < 128 else { return (false, steps) }
            active = next.intersection(accepting[Int(byte)])
            guard !active.isEmpty else { return (false, steps) }
            next = Positions()
            active.visit { position in
                next.formUnion(followers[position])
                steps += 1
            }
        }
        return (!active.intersection(start.last).isEmpty, steps)
    }

    /// Expands an expression into positions, and collects which may follow which.
    private struct Automaton {
        var bytes: [AudiencePatternParser.Bytes] = []
        var followers: [Positions] = []

        mutating func add(_ tree: AudiencePatternParser.Tree) -> Fragment {
            switch tree {
            case .bytes(let set): return add(set)
            case .sequence(let parts):
                return parts.reduce(Fragment()) { join($0, add($1)) }
            case .choice(let parts):
                let fragments = parts.map { add($0) }
                return fragments.dropFirst().reduce(fragments.first ?? Fragment(), either)
            case .repetition(let part, let least, let most): return add(part, least, most)
            }
        }

        private mutating func add(_ set: AudiencePatternParser.Bytes) -> Fragment {
            var fragment = Fragment(isNullable: false)
            fragment.first.insert(bytes.count)
            fragment.last.insert(bytes.count)
            bytes.append(set)
            followers.append(Positions())
            return fragment
        }

        private mutating func add(_ part: AudiencePatternParser.Tree, _ least: Int, _ most: Int?) -> Fragment {
            var whole = Fragment()
            for number in 0..<max(least, most ?? max(least, 1)) {
                var copy = add(part)
                if number >= least { copy.isNullable = true }
                let isEndless = most == nil && number >= least - 1
                if isEndless { follow(copy.last, by: copy.first) }
                whole = join(whole, copy)
            }
            return whole
        }

        private mutating func join(_ left: Fragment, _ right: Fragment) -> Fragment {
            follow(left.last, by: right.first)
            var whole = Fragment(first: left.first, last: right.last, isNullable: left.isNullable && right.isNullable)
            if left.isNullable { whole.first.formUnion(right.first) }
            if right.isNullable { whole.last.formUnion(left.last) }
            return whole
        }

        private func either(_ left: Fragment, _ right: Fragment) -> Fragment {
            var whole = left
            whole.first.formUnion(right.first)
            whole.last.formUnion(right.last)
            whole.isNullable = left.isNullable || right.isNullable
            return whole
        }

        private mutating func follow(_ last: Positions, by first: Positions) {
            last.visit { followers[$0].formUnion(first) }
        }
    }
}
