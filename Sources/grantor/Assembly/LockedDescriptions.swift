// SPDX-License-Identifier: Apache-2.0

import Cryptography
@_spi(Host) import GrantKit
import PluginLoading
import PluginProcesses
import ServerConfiguration

/// The descriptions that `plugins.lock` has, so that commands need not run the plugins to know them.
struct LockedDescriptions {
    /// No descriptions: every plugin is asked.
    static let none = LockedDescriptions(lock: nil)

    let lock: PluginLock?

    /// The descriptions of a lock; none if it cannot be read, which only `--frozen` reports.
    static func read(_ file: PluginLockFile) -> LockedDescriptions {
        LockedDescriptions(lock: try? file.read())
    }

    /// The description of a plugin; nil if the lock has none that is valid for just this code, asked just this.
    ///
    /// Also nil if only the plugin can check values of its attributes, since it has to run then.
    func description(of id: String, _ code: CheckedCode, _ question: DescriptionQuestion) -> PluginDescription? {
        guard let locked = lock?[id], let description = locked.description, locked.kit == code.kit,
            description.input == question.digest, (try? code.digest(Digest.sha256)) == locked.sha256,
            let known = try? PluginDescription(form: description.form, of: id),
            !known.attributes.contains(where: \.isCheckedByPlugin)
        else { return nil }
        return known
    }
}

/// Everything apart from its code on which the description of a plugin depends.
struct DescriptionQuestion {
    private let input: JSON
    /// The arguments with which a process is started; empty for a library in this process.
    private let arguments: [String]

    /// What a library in this process is asked.
    init(_ entry: Configuration.PluginEntry, _ server: ServerFacts) {
        input = PluginProgram.question(entry.id, entry.settings, server)
        arguments = []
    }

    /// What a process is asked.
    init(_ program: PluginProgram) {
        (input, arguments) = (program.question, program.arguments)
    }

    /// The digest in hexadecimal.
    ///
    /// Another version of the server could describe a library in Swift differently.
    var digest: String {
        let all: JSON = ["server": .string(serverVersion), "arguments": .strings(arguments), "input": input]
        return PluginLibrary.hexadecimal(Digest.sha256(all.bytes))
    }
}

extension PluginLock.Description {
    /// The longest description that is recorded, in bytes, since people review the lock.
    private static let longest = 32 << 10

    /// What the lock records of a description; nil if nothing.
    ///
    /// Nothing is recorded that depends on secrets, since the lock is committed: neither the digest of such settings nor
    /// what the plugin has made of them.
    init?(
        _ description: PluginDescription, of entry: Configuration.PluginEntry, _ question: DescriptionQuestion
    ) {
        let isOpen =
            entry.settings == entry.shownSettings
            && !description.settings.contains { $0.declaration.isSecret && entry.settings[$0.declaration.key] != nil }
        guard isOpen, description.form.bytes.count <= PluginLock.Description.longest else { return nil }
        self.init(input: question.digest, form: description.form)
    }
}
