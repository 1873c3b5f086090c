// SPDX-License-Identifier: Apache-2.0

import Glibc
import GrantKit

@testable import PluginLoading
@testable import ServerConfiguration

/// The parsers of the operator's files.
let fileParsers = [
    FuzzedParser("configuration", longest: 1024, checkConfiguration),
    FuzzedParser("document", longest: 512, checkDocument),
    FuzzedParser("elf", longest: 1024, checkELF),
]

private let references = ReferenceSources(
    environment: { $0 == "HOME" ? "/root" : nil }, file: { _ in Array("from a file\n".utf8) }, exposure: { _ in nil })

/// Messages about a file are lines of printable text, whatever the file contains.
@Sendable private func checkConfiguration(_ bytes: [UInt8]) throws {
    let (_, diagnostics) = Configuration.read(bytes, name: "grantor.yaml", references: references)
    try checkMessages(diagnostics)
}

private func checkMessages(_ diagnostics: Diagnostics) throws {
    let text = diagnostics.text
    try expect(
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A || $0 == 0x09 }, "a message steers the terminal")
    try expect(text.isEmpty || text.utf8.last == 0x0A, "a message does not end its line")
    try expect(!diagnostics.hasErrors || !text.isEmpty, "there is an error and no message")
}

/// A document that is written as JSON is read as the same document, since YAML reads JSON.
@Sendable private func checkDocument(_ bytes: [UInt8]) throws {
    let file = DocumentFile(bytes, name: "client.yaml", references: references)
    try checkMessages(file.diagnostics)
    guard let document = file.document, isPlain(document) else { return }
    let again = DocumentFile(document.bytes, name: "client.json", references: references)
    try expect(again.document?.bytes == document.bytes, "a document that was written as JSON is read as another")
}

/// Whether a value has no numbers and characters that the two formats write differently, no long keys and no
/// references.
private func isPlain(_ json: JSON) -> Bool {
    switch json {
    case .number: false
    case .string(let text): isPlain(text)
    case .array(let elements): elements.allSatisfy(isPlain)
    case .object(let members):
        members.allSatisfy { isPlain($0.name) && $0.name != "env" && $0.name != "file" && isPlain($0.value) }
    default: true
    }
}

private func isPlain(_ text: String) -> Bool {
    text.utf8.count < 200 && text.utf8.allSatisfy { 0x20...0x7E ~= $0 && $0 != 0x5C && $0 != 0x22 }
}

/// An unnamed file, written again for each input.
private enum LibraryFile {
    static let descriptor: Int32 = {
        var name = Array("/tmp/grantor-library-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        unlink(name)
        return descriptor
    }()
    static let path = "/proc/self/fd/\(descriptor)"
}

/// A library is refused, or has a block of the declared size.
@Sendable private func checkELF(_ bytes: [UInt8]) throws {
    guard ftruncate(LibraryFile.descriptor, 0) == 0,
        pwrite(LibraryFile.descriptor, bytes, bytes.count, 0) == bytes.count
    else { throw Finding(description: "the file could not be written") }
    guard let block = try? ABIBlock.read(fromFileAt: LibraryFile.path) else { return }
    try expect(block.compiler.utf8.count <= 3 * 112, "the name of a compiler is longer than its field")
    guard let server = ABIBlock.server else { return }
    try? block.check(against: server, id: "fuzz")
}
