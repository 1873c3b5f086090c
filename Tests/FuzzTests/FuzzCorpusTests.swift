// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Parsers of input from outside hold their promises", .timeLimit(.minutes(10)))
struct FuzzCorpusTests {
    private static let names = FuzzedParser.all.map(\.name)

    private func parser(_ name: String) throws -> FuzzedParser {
        try #require(FuzzedParser.all.first { $0.name == name })
    }

    /// The inputs of the corpus, with their file names.
    private func inputs(_ name: String) throws -> [(file: String, bytes: [UInt8])] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus/\(name)")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try files.map { ($0, Array(try Data(contentsOf: folder.appending(path: $0)))) }
    }

    @Test("every input in the corpus is read or refused, and the parser's promises hold", arguments: names)
    func kept(_ name: String) throws {
        let (parser, corpus) = (try parser(name), try inputs(name))
        #expect(corpus.count >= 5, "the corpus of '\(name)' is missing")
        for (file, bytes) in corpus {
            #expect(throws: Never.self, "\(name)/\(file)") { try parser.check(bytes) }
        }
    }

    /// Bytes that end, split or escape something in one of the formats, or start or continue a character.
    private static let marks =
        Array("\u{0} \n\r\t\"#$%&'+,-./09:;<=>?@A[\\]_az{|}~".utf8) + [0x7F, 0x80, 0xC3, 0xE2, 0xFF]

    @Test("so is every input that is truncated or has one byte changed", arguments: names)
    func changed(_ name: String) throws {
        let (parser, corpus) = (try parser(name), try inputs(name))
        for (file, bytes) in corpus where bytes.count <= 400 {
            for place in bytes.indices {
                try expectNothing(parser, Array(bytes[..<place]), file)
                var changed = bytes
                changed[place] = Self.marks[(place &* 7 &+ bytes.count) % Self.marks.count]
                try expectNothing(parser, changed, file)
            }
        }
    }

    private func expectNothing(_ parser: FuzzedParser, _ bytes: [UInt8], _ file: String) throws {
        do {
            try parser.check(bytes)
        } catch {
            Issue.record("\(parser.name)/\(file) changed to \(Data(bytes).base64EncodedString()): \(error)")
        }
    }
}
