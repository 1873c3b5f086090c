// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer

/// The argument that names a client or a user.
struct DocumentArgument<Document: ManagedDocument>: ParsableArguments {
    @Argument(help: ArgumentHelp("The \(Document.noun)'s id."))
    var id: String

    func validate() throws {
        // Messages show the id, and a control character in it could command the terminal.
        guard (1...256).contains(id.utf8.count), id.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            throw ValidationError(
                "an id must be 1 to 256 printable ASCII characters; 'grantor \(Document.command) list' shows all ids")
        }
    }
}
