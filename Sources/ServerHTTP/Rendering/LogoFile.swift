// SPDX-License-Identifier: Apache-2.0

public import AuthorizationServer
import Foundation
import OutsideText

/// Reads a deployment's logo.
public enum LogoFile {
    private static let longest: UInt64 = 256 << 10

    /// Reads a logo and detects its type from its content.
    ///
    /// - Parameter path: The path of the file.
    /// - Returns: The logo as an asset of the pages.
    /// - Throws: `Pages.Problem`.
    public static func read(_ path: String) throws -> PageAsset {
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular, let size = attributes?[.size] as? UInt64 else {
            throw Pages.Problem(description: "\(path): it is not a file")
        }
        guard size <= longest else { throw Pages.Problem(description: "\(path): it is larger than 256 KiB") }
        guard let data = FileManager.default.contents(atPath: path), UInt64(data.count) <= longest else {
            throw Pages.Problem(description: "\(path): it cannot be read")
        }
        let bytes = Array(data)
        guard let (suffix, type) = kind(of: bytes) else {
            throw Pages.Problem(description: "\(path): the file is not an SVG, PNG, JPEG or WebP image")
        }
        return PageAsset(value: "server_logo", file: "logo.\(suffix)", type: type, marking: bytes)
    }

    private static func kind(of bytes: [UInt8]) -> (suffix: String, type: String)? {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return ("png", "image/png") }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return ("jpg", "image/jpeg") }
        if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) {
            return ("webp", "image/webp")
        }
        guard let text = String(validating: bytes, as: UTF8.self), text.raw.contains("<svg") else { return nil }
        return ("svg", "image/svg+xml")
    }
}
