// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit

@testable import PluginLoading

/// The libraries that were built with one version of the kit and are kept in the tree, as 'Scripts/kit-libraries' lists
/// them.
struct KeptKit {
    struct Library {
        let name: String
        let digest: String
        let size: Int
    }

    let folder: String
    /// The compiler, as C calls it.
    let compiler: String
    let libraries: [Library]

    /// The versions of which libraries are kept.
    static let versions: [String] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: "\(Build.root)/Tests/Fixtures")
        return (names ?? []).filter { $0.hasPrefix("kit-") }.map { String($0.dropFirst(4)) }.sorted()
    }()

    /// Why the libraries cannot be loaded here; nil if they can, and if some are missing, since tests then fail.
    static let foreign: String? = {
        let here = ABIBlock.server?.compiler ?? ""
        for version in versions {
            guard let kept = try? KeptKit(version), kept.compiler != here else { continue }
            return "the libraries of kit \(version) were built by '\(kept.compiler)', but this server by '\(here)': "
                + "run Scripts/kit-libraries with the commit in which that version was released"
        }
        return nil
    }()

    init(_ version: String) throws {
        folder = "\(Build.root)/Tests/Fixtures/kit-\(version)"
        let list = try String(contentsOfFile: "\(folder)/libraries.txt", encoding: .utf8)
        let lines = list.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        guard let first = lines.first, first.first == "compiler" else {
            throw ConfigurationError("\(folder)/libraries.txt does not begin with the compiler")
        }
        compiler = first.dropFirst().joined(separator: " ")
        libraries = try lines.dropFirst().map { words in
            guard words.count == 3, let size = Int(words[1]) else {
                throw ConfigurationError("\(folder)/libraries.txt has the line '\(words.joined(separator: " "))'")
            }
            return Library(name: words[2], digest: words[0], size: size)
        }
    }

    /// Copies a library, with the permissions that the server demands, since a checkout may have given others.
    func copy(_ id: String, to folder: Folder) throws {
        let path = "\(folder.path)/lib\(id).so"
        try FileManager.default.copyItem(atPath: "\(self.folder)/lib\(id).so", toPath: path)
        chmod(path, 0o755)
    }
}
