// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer

/// Which document a command is about.
struct DocumentArgument<Document: ManagedDocument>: ParsableArguments {
    @Argument(help: ArgumentHelp("The \(Document.noun)'s id."))
    var id: String

    func validate() throws {
        // It is shown in messages, where a control character could be a command to the terminal.
        guard (1...256).contains(id.utf8.count), id.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            throw ValidationError(
                "an id is 1 to 256 printable ASCII characters; 'grantor \(Document.command) list' shows those that "
                    + "there are")
        }
    }
}
