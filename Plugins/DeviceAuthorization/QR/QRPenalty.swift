// SPDX-License-Identifier: Apache-2.0

/// How hard a QR code is to scan (ISO/IEC 18004 section 7.8.3): the mask with the lowest penalty is used.
struct QRPenalty {
    let canvas: QRCanvas

    var total: Int {
        let rows = (0..<canvas.size).map { y in (0..<canvas.size).map { x in canvas.isDark(x, y) } }
        let columns = (0..<canvas.size).map { x in (0..<canvas.size).map { y in canvas.isDark(x, y) } }
        return (rows + columns).reduce(0) { $0 + runs($1) + finders($1) } + squares + imbalance
    }

    /// Five or more modules of one colour.
    private func runs(_ line: [Bool]) -> Int {
        var (sum, length) = (0, 0)
        for place in line.indices {
            length = place > 0 && line[place] == line[place - 1] ? length + 1 : 1
            if length == 5 { sum += 3 }
            if length > 5 { sum += 1 }
        }
        return sum
    }

    /// What looks like the pattern in the corners, from either side.
    private func finders(_ line: [Bool]) -> Int {
        var (count, last) = (0, 0)
        for (place, isDark) in line.enumerated() {
            last = (last << 1 | (isDark ? 1 : 0)) & 0x7FF
            if place >= 10, last == 0b101_1101_0000 || last == 0b000_0101_1101 { count += 1 }
        }
        return 40 * count
    }

    /// Squares of four modules of one colour.
    private var squares: Int {
        var count = 0
        for y in 1..<canvas.size {
            for x in 1..<canvas.size {
                let isDark = canvas.isDark(x, y)
                guard canvas.isDark(x - 1, y) == isDark, canvas.isDark(x, y - 1) == isDark else { continue }
                if canvas.isDark(x - 1, y - 1) == isDark { count += 1 }
            }
        }
        return 3 * count
    }

    /// Ten for each five percent that the share of dark modules is away from half.
    private var imbalance: Int {
        let (dark, all) = (canvas.modules.count { $0 }, canvas.modules.count)
        return abs(dark * 20 - all * 10) / all * 10
    }
}
