// SPDX-License-Identifier: Apache-2.0

/// A QR code of the versions 1 to 10 in byte mode, with the error correction level M (ISO/IEC 18004).
struct QRCode {
    /// The light modules around the code (section 6.3.8).
    private static let border = 4

    let canvas: QRCanvas

    /// Makes a code, with the mask that makes it easiest to scan; nil for more than 213 bytes.
    init?(_ content: String) {
        guard let unmasked = QRCode.unmasked(content) else { return nil }
        let codes = (0..<8).map { QRCode(unmasked, mask: $0) }.map { ($0, QRPenalty(canvas: $0.canvas).total) }
        guard let best = codes.min(by: { $0.1 < $1.1 }) else { return nil }
        self = best.0
    }

    /// Makes a code with a mask, a number from 0 to 7.
    init?(_ content: String, mask: Int) {
        guard let unmasked = QRCode.unmasked(content) else { return nil }
        self.init(unmasked, mask: mask)
    }

    private init(_ unmasked: QRCanvas, mask: Int) {
        var canvas = unmasked
        canvas.apply(mask: mask)
        self.canvas = canvas
    }

    /// Everything but the mask, which is drawn once for all masks, since anyone can ask for images.
    private static func unmasked(_ content: String) -> QRCanvas? {
        let bytes = Array(content.utf8)
        guard let version = QRVersion.smallest(for: bytes.count) else { return nil }
        var canvas = QRCanvas(size: version.size)
        canvas.drawPatterns(of: version)
        canvas.drawData(QRCodewords.all(of: bytes, version))
        return canvas
    }

    /// The code as an image: a path with a rectangle for each run of dark modules.
    var svg: String {
        let width = canvas.size + 2 * QRCode.border
        var path = ""
        for y in 0..<canvas.size {
            var x = 0
            while x < canvas.size {
                let start = x
                while x < canvas.size, canvas.isDark(x, y) { x += 1 }
                let length = x - start
                if length > 0 { path += "M\(start + QRCode.border) \(y + QRCode.border)h\(length)v1h-\(length)z" }
                x += 1
            }
        }
        let box = #"viewBox="0 0 \#(width) \#(width)" shape-rendering="crispEdges""#
        return #"<svg xmlns="http://www.w3.org/2000/svg" \#(box)>"#
            + #"<path fill="white" d="M0 0h\#(width)v\#(width)H0z"/><path d="\#(path)"/></svg>"#
    }
}
