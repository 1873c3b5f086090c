// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the versions of the server and of the kit.")

    func run() {
        StandardOutput.print("grantor \(serverVersion), kit \(KitVersion.text)")
    }
}
