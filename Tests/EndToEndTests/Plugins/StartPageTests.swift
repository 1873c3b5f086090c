// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("The start page of the real program", .timeLimit(.minutes(10)))
struct StartPageTests {
    private static func with(_ pages: String, issuer path: String = "", _ body: (Program) throws -> Void) async throws {
        try await Folder.with { folder in
            let text = try String(contentsOfFile: "\(Build.root)/config.yaml", encoding: .utf8)
                .replacing("issuer: http://127.0.0.1:8080", with: "issuer: http://127.0.0.1:8080\(path)")
                .replacing("port: 8080 }", with: "port: 0 }")
            try folder.write("config.yaml", text + "\n" + pages)
            let program = try await Program.start(folder, secrets: ["demo-secret"])
            try body(program)
            #expect(program.stop() == 0)
        }
    }

    @Test("with 'landing: false' there is no start page and no icon, and no page links to one")
    func off() async throws {
        try await Self.with("pages: { landing: false }\n") { program in
            for path in ["/", "/favicon.ico"] { #expect(try program.get(path).status == 404, "\(path)") }
            let page = try program.get("/auth/logout").body
            #expect(page.contains("You are signed out") && !page.contains("start page"))
        }
    }

    @Test("below the path of an issuer there is a start page, and well-known URIs are at the root of the origin too")
    func path() async throws {
        try await Self.with("", issuer: "/tenant") { program in
            for path in ["/tenant", "/tenant/"] {
                #expect(try program.get(path).body.contains("Your account"), "\(path)")
            }
            for path in ["/tenant/.well-known/change-password", "/.well-known/change-password"] {
                let answer = try program.get(path)
                #expect(answer.status == 303 && answer.header("location")?.hasSuffix("/tenant/auth/password") == true)
            }
            #expect(try program.get("/tenant/auth/logout").body.contains("href=\"/tenant/\""))
        }
    }
}
