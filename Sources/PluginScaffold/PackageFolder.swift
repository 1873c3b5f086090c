// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import OutsideText

/// The folder of a new package, in which nothing is ever overwritten.
package struct PackageFolder: Sendable {
    /// The absolute path, without symbolic links.
    package let path: String

    /// Makes the folder, or takes an empty one.
    ///
    /// - Parameter name: The path.
    /// - Throws: `ScaffoldError` if it has any content or cannot be made.
    package init(_ name: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: true)
            guard try FileManager.default.contentsOfDirectory(atPath: name).isEmpty else {
                throw PackageFolder.taken(name)
            }
        } catch let error as ScaffoldError {
            throw error
        } catch {
            throw ScaffoldError(
                "the folder '\(ShownText.onOneLine(name))' cannot be made or read: \(error.localizedDescription)")
        }
        path = KitFolder.real(name)
    }

    private static func taken(_ name: String) -> ScaffoldError {
        ScaffoldError(
            "the folder '\(ShownText.onOneLine(name))' is not empty, so nothing was written; name another with --path")
    }

    /// Writes files, or none of them.
    ///
    /// - Parameter files: The files.
    /// - Throws: `ScaffoldError` if one exists already, for example because another command has just written it.
    package func write(_ files: [PackageTemplate.File]) throws {
        var written: [String] = []
        do {
            for file in files {
                try write(file)
                written.append(file.path)
            }
        } catch {
            if !written.isEmpty { remove(written, of: files) }
            throw error
        }
    }

    /// Removes what was written before a failure, so that the command can be repeated.
    private func remove(_ written: [String], of files: [PackageTemplate.File]) {
        for name in written { try? FileManager.default.removeItem(atPath: "\(path)/\(name)") }
        for file in files {
            var folder = KitFolder.parent(of: "\(path)/\(file.path)")
            while folder.utf8.count > path.utf8.count {
                // Safe: the path is a C string for the duration of the call. A folder with content stays.
                unsafe rmdir(folder)
                folder = KitFolder.parent(of: folder)
            }
        }
    }

    private func write(_ file: PackageTemplate.File) throws {
        let place = "\(path)/\(file.path)"
        do {
            try FileManager.default.createDirectory(
                atPath: KitFolder.parent(of: place), withIntermediateDirectories: true)
        } catch {
            throw failure(place, error.localizedDescription)
        }
        // Safe: the path is a C string for the duration of the call.
        let descriptor = unsafe open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            // Of two commands at once, only the first can create 'Package.swift', which comes first.
            throw errno == EEXIST ? PackageFolder.taken(path) : failure(place, unsafe String(cString: strerror(errno)))
        }
        do {
            try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: Data(file.content))
        } catch {
            try? FileManager.default.removeItem(atPath: place)
            throw failure(place, error.localizedDescription)
        }
    }

    private func failure(_ place: String, _ reason: String) -> ScaffoldError {
        ScaffoldError("'\(ShownText.onOneLine(place))' cannot be written: \(reason)")
    }
}
