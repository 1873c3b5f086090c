// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

/// One of everything that a server issues.
final class Issued {
    static let everything = ["access token", "JWT", "refresh token", "session", "code", "device code"]
    private static let path = "/auth/authorize?response_type=code&client_id=app&scope=read"
    private static let app = ("app", Copied.secret)

    private let browser: WebBrowser
    private let opaque: String
    private let jwt: String
    private let refresh: String
    let code: String
    let device: String

    init(at program: Program) throws {
        opaque = try #require(try program.token("service", Copied.secret)["access_token"])
        jwt = try #require(try program.token("api", Copied.secret)["access_token"])
        browser = WebBrowser(program)
        let consent = try browser.submit(
            try browser.open(Issued.path), [("username", "ann"), ("password", "demo-ann")])
        let first = try #require(
            Issued.code(try browser.submit(consent, [("scope", "read"), ("decision", "allow")])))
        let tokens = try program.post("/auth/token", Issued.redeeming(first), as: Issued.app)
        refresh = try #require(tokens["refresh_token"])
        code = try #require(Issued.code(try browser.open(Issued.path)))
        let codes = try program.post("/auth/device_authorization", [("client_id", "tv")])
        device = try #require(codes["device_code"])
        let typed = try #require(codes["user_code"])
        let asked = try browser.submit(try browser.open("/auth/device"), [("user_code", typed)], to: "/auth/device")
        let done = try browser.submit(asked, [("scope", "read"), ("decision", "allow")])
        #expect(done.body.contains("Your device is connected"), "\(done.body)")
    }

    private static func code(_ answer: HTTPAnswer) -> String? {
        answer.header("location")?.firstMatch(of: /[?&]code=([^&]*)/).map { String($0.1) }
    }

    static func redeeming(_ code: String) -> [(String, String)] {
        [("grant_type", "authorization_code"), ("code", code)]
    }

    func redeem(at program: Program) throws -> HTTPAnswer {
        try program.post("/auth/token", Issued.redeeming(code), as: Issued.app)
    }

    func poll(at program: Program) throws -> HTTPAnswer {
        try program.post(
            "/auth/token",
            [
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device),
                ("client_id", "tv"),
            ])
    }

    /// Uses everything once, and says what a server accepts.
    func accepted(at program: Program) throws -> [String] {
        var accepted: [String] = []
        for (name, token) in [("access token", opaque), ("JWT", jwt)] {
            let answer = try program.post("/auth/introspect", [("token", token)], as: ("service", Copied.secret))
            if name == "JWT" {
                let own = try program.post("/auth/introspect", [("token", token)], as: ("api", Copied.secret))
                if own.json["active"] == true { accepted.append(name) }
            } else if answer.json["active"] == true {
                accepted.append(name)
            }
        }
        let refreshed = try program.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", refresh)], as: Issued.app)
        if refreshed.status == 200 { accepted.append("refresh token") }
        browser.program = program
        if Issued.code(try browser.open(Issued.path)) != nil { accepted.append("session") }
        if try redeem(at: program).status == 200 { accepted.append("code") }
        if try poll(at: program).status == 200 { accepted.append("device code") }
        return accepted
    }
}
