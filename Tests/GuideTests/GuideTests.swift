// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("The guide for authors of plugins", .timeLimit(.minutes(10)))
struct GuideTests {
    @Test("every block of Swift is a part of a file that is compiled")
    func quotes() throws {
        let sources = try CompiledSources()
        var count = 0
        for page in try GuidePage.all() {
            for block in page.blocks("swift") {
                let isCompiled = sources.contain(block)
                #expect(isCompiled, "\(page): \(block.joined(separator: "\n"))")
                count += 1
            }
        }
        #expect(count > 40)
    }

    @Test("what is not in a file is noticed, and so is another indentation within a block")
    func notices() throws {
        let sources = try CompiledSources()
        let start = ["    init(settings: Settings, host: any PluginHost) throws {", "        self.host = host"]
        let blocks = [
            start, start.map { String($0.dropFirst(4)) }, [start[0], "    self.host = host"], [start[1], start[0]],
            ["    let neverWritten" + " = true"], [],
        ]
        #expect(blocks.map(sources.contain) == [true, true, false, false, false, false])
    }

    @Test("no page has more than 150 lines, and each begins with a title and one sentence or two")
    func sizes() throws {
        for page in try GuidePage.all() {
            #expect(page.lines.count <= 151, "\(page)")
            #expect(page.lines[0].hasPrefix("# ") && page.lines[1].isEmpty && !page.lines[2].hasPrefix("#"), "\(page)")
        }
    }

    @Test("every page is a topic of the reference, and another page links to it")
    func links() throws {
        let pages = try GuidePage.all()
        let overview = try GuidePage("\(GuidePage.catalog)/GrantKit.md").text
        for page in pages where page.path != GuidePage.start && page.name != "GrantKit" {
            let isTopic = overview.contains("- <doc:\(page.name)>")
            let isLinked = pages.contains { $0.path != page.path && $0.text.contains("\(page.name).md)") }
            #expect(isTopic && isLinked, "\(page)")
        }
        for match in overview.matches(of: /<doc:([A-Za-z]+)>/) {
            let isPage = pages.contains { $0.name == String(match.1) }
            #expect(isPage, "\(match.1)")
        }
    }

    @Test("whatever a plugin can add to its registry has a page, which the first page links to")
    func roles() throws {
        let path = "Sources/GrantKit/Sources/GrantKit/Plugin/Registry.swift"
        let registry = try String(contentsOfFile: "\(GuidePage.root)/\(path)", encoding: .utf8)
        let functions = registry.matches(of: /func add\(([a-zA-Z]+)[^)]*?(?:: some ([A-Za-z]+))?\)/)
        #expect(functions.count > 20)
        let (start, pages) = (try GuidePage(GuidePage.start), try GuidePage.all())
        for function in functions {
            let label = String(function.1)
            let isTold = pages.contains { $0.text.contains("add(\(label):") }
            #expect(isTold, "no page has add(\(label):)")
            guard let role = function.2.map(String.init) else { continue }
            let row = try #require(start.lines.first { $0.contains("`add(\(label):") }, "add(\(label):)")
            let page = try #require(pages.first { row.contains("/\($0.name).md)") }, "\(row)")
            let isNamed = page.text.contains("``\(role)``")
            #expect(isNamed, "\(page) does not name \(role)")
        }
    }

    @Test("the commands of the first page can be run")
    func commands() throws {
        let blocks = try GuidePage(GuidePage.start).blocks("sh")
        #expect(blocks.count >= 5 && blocks.allSatisfy { !$0.isEmpty && !$0.contains { $0.hasPrefix("$ ") } })
        #expect(blocks.first == ["grantor plugin new turnstile-grant --kind grant", "cd turnstile-grant"])
    }
}
