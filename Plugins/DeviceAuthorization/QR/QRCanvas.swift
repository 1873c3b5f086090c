// SPDX-License-Identifier: Apache-2.0

/// The modules of a QR code while it is drawn (ISO/IEC 18004 sections 6.3, 7.7 and 7.10).
struct QRCanvas: Equatable {
    let size: Int
    private(set) var modules: [Bool]
    /// The modules of patterns, which carry no data.
    private var reserved: [Bool]

    init(size: Int) {
        self.size = size
        modules = Array(repeating: false, count: size * size)
        reserved = modules
    }

    /// Whether a module is dark.
    func isDark(_ x: Int, _ y: Int) -> Bool { modules[y * size + x] }

    /// Draws a module of a pattern; what is outside is left out.
    private mutating func set(_ x: Int, _ y: Int, _ isDark: Bool) {
        guard 0..<size ~= x, 0..<size ~= y else { return }
        modules[y * size + x] = isDark
        reserved[y * size + x] = true
    }

    // MARK: patterns

    /// Draws the patterns by which a scanner finds the code, and reserves the places of the format and the version.
    mutating func drawPatterns(of version: QRVersion) {
        for place in 0..<size {
            set(6, place, place % 2 == 0)
            set(place, 6, place % 2 == 0)
        }
        for (x, y) in [(3, 3), (size - 4, 3), (3, size - 4)] {
            drawSquares(x, y, reach: 4) { $0 != 2 && $0 != 4 }
        }
        let last = version.alignment.last ?? 0
        for x in version.alignment {
            for y in version.alignment where !((x, y) == (6, 6) || (x, y) == (6, last) || (x, y) == (last, 6)) {
                drawSquares(x, y, reach: 2) { $0 != 1 }
            }
        }
        if version.number >= 7 { drawVersion(version.number) }
        drawFormat(mask: 0)
    }

    /// Draws squares around a centre, each dark or light by its distance.
    private mutating func drawSquares(_ x: Int, _ y: Int, reach: Int, isDark: (Int) -> Bool) {
        for up in -reach...reach {
            for left in -reach...reach { set(x + left, y + up, isDark(max(abs(left), abs(up)))) }
        }
    }

    /// Draws the number of the mask, twice (section 7.9); the bits of the level M are zero.
    mutating func drawFormat(mask: Int) {
        let bits = ((mask << 10) | QRCanvas.remainder(mask, degree: 10, 0x537)) ^ 0x5412
        func bit(_ place: Int) -> Bool { (bits >> place) & 1 == 1 }
        for place in 0..<6 { set(8, place, bit(place)) }
        set(8, 7, bit(6))
        set(8, 8, bit(7))
        set(7, 8, bit(8))
        for place in 9..<15 { set(14 - place, 8, bit(place)) }
        for place in 0..<8 { set(size - 1 - place, 8, bit(place)) }
        for place in 8..<15 { set(8, size - 15 + place, bit(place)) }
        set(8, size - 8, true)
    }

    /// Draws the number of the version, twice (section 7.10).
    private mutating func drawVersion(_ number: Int) {
        let bits = (number << 12) | QRCanvas.remainder(number, degree: 12, 0x1F25)
        for place in 0..<18 {
            let (long, short) = (size - 11 + place % 3, place / 3)
            set(long, short, (bits >> place) & 1 == 1)
            set(short, long, (bits >> place) & 1 == 1)
        }
    }

    /// The bits that correct errors in a number (annexes C and D).
    private static func remainder(_ number: Int, degree: Int, _ generator: Int) -> Int {
        (0..<degree).reduce(number) { rest, _ in (rest << 1) ^ ((rest >> (degree - 1)) * generator) }
    }

    // MARK: data

    /// Draws the codewords in columns of two modules, upwards and downwards in turn, from the right.
    mutating func drawData(_ codewords: [UInt8]) {
        var bits: [Bool] = []
        for word in codewords {
            for place in (0..<8).reversed() { bits.append((word >> place) & 1 == 1) }
        }
        // The few modules that are left over stay light.
        for (place, bit) in zip(places(), bits) { modules[place] = bit }
    }

    /// The places of data, in the order in which they are drawn.
    private func places() -> [Int] {
        var places: [Int] = []
        // The column of the timing pattern is skipped.
        let columns = Array(stride(from: size - 1, to: 6, by: -2)) + Array(stride(from: 5, to: 0, by: -2))
        for (turn, column) in columns.enumerated() {
            for step in 0..<size {
                let row = turn % 2 == 0 ? size - 1 - step : step
                places += [row * size + column, row * size + column - 1].filter { !reserved[$0] }
            }
        }
        return places
    }

    /// Inverts the data modules that a mask selects (section 7.8.2), and names the mask.
    mutating func apply(mask: Int) {
        for place in modules.indices where !reserved[place] && QRCanvas.isMasked(place % size, place / size, mask) {
            modules[place].toggle()
        }
        drawFormat(mask: mask)
    }

    private static func isMasked(_ x: Int, _ y: Int, _ mask: Int) -> Bool {
        switch mask {
        case 0: (x + y) % 2 == 0
        case 1: y % 2 == 0
        case 2: x % 3 == 0
        case 3: (x + y) % 3 == 0
        case 4: (x / 3 + y / 2) % 2 == 0
        case 5: x * y % 2 + x * y % 3 == 0
        case 6: (x * y % 2 + x * y % 3) % 2 == 0
        default: ((x + y) % 2 + x * y % 3) % 2 == 0
        }
    }
}
