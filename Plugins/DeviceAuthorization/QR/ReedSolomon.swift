// SPDX-License-Identifier: Apache-2.0

/// Reed-Solomon codes over the field of 256 elements with the polynomial x⁸+x⁴+x³+x²+1 (ISO/IEC 18004 section 7.5.2).
enum ReedSolomon {
    /// The product of two elements.
    static func multiply(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var product: UInt8 = 0
        for bit in (0..<8).reversed() {
            let isOver = product & 0x80 != 0
            product = (product << 1) ^ (isOver ? 0x1D : 0)
            if (right >> bit) & 1 == 1 { product ^= left }
        }
        return product
    }

    /// The coefficients of the generator polynomial, without the leading 1.
    static func generator(degree: Int) -> [UInt8] {
        var coefficients = [UInt8](repeating: 0, count: degree)
        coefficients[degree - 1] = 1
        var root: UInt8 = 1
        for _ in 0..<degree {
            for place in coefficients.indices {
                coefficients[place] = multiply(coefficients[place], root)
                if place + 1 < degree { coefficients[place] ^= coefficients[place + 1] }
            }
            root = multiply(root, 2)
        }
        return coefficients
    }

    /// The codewords that correct errors in a block.
    static func correction(of block: ArraySlice<UInt8>, _ generator: [UInt8]) -> [UInt8] {
        var rest = [UInt8](repeating: 0, count: generator.count)
        for byte in block {
            let factor = byte ^ rest.removeFirst()
            rest.append(0)
            for place in rest.indices { rest[place] ^= multiply(generator[place], factor) }
        }
        return rest
    }
}
