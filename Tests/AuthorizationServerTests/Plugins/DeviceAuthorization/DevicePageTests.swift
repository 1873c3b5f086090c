// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@testable import DeviceAuthorization

@Suite("The page where users type a device's code", .timeLimit(.minutes(10)))
struct DevicePageTests {
    private static let wrong = "This code is wrong, has expired or has been used."

    // MARK: codes

    @Test("case, spaces and punctuation do not matter", .clause("RFC 8628 section 6.1"))
    func spellings() async throws {
        let server = try await Device.server()
        let code = await Device(server).userCode
        let plain = code.replacing("-", with: "")
        let spaced = plain.map { String($0) }.joined(separator: " ")
        let dashed = "\(plain.prefix(4))\u{2013}\(plain.suffix(4))."
        for typed in [code, plain, code.lowercased(), spaced, " \(code)\t", dashed, "“\(code)”"] {
            #expect(await Device.type(typed, in: Browser(server)).heading == "Sign in", "\(typed)")
        }
    }

    @Test("whatever surrounds the letters of a code, it is read as that code or as none")
    func hostile() throws {
        let code = try #require(UserCode(typed: "WKJB-MJHT"))
        for typed in Hostile.variants(of: "WKJBMJHT") + Hostile.variants(of: "wkjb-mjht") + Hostile.unshown {
            let read = UserCode(typed: typed)
            #expect(read == nil || read == code)
        }
        for typed in Hostile.lookalikes(of: "WKJBMJHT") { #expect(UserCode(typed: typed) == nil) }
        for typed in ["", "WKJBMJH", "WKJBMJHTT", "AEIOUY01", "ＷＫＪＢＭＪＨＴ", String(repeating: "W", count: 256)] {
            #expect(UserCode(typed: typed) == nil, "\(typed)")
        }
    }

    @Test("all letters are drawn equally often, and nothing is drawn from nothing", .clause("RFC 8628 section 6.1"))
    func drawn() throws {
        let clock = ManualClock()
        var counts: [UInt8: Int] = [:]
        for _ in 0..<5000 {
            let code = try #require(UserCode(drawnFrom: clock.random(bytes:)))
            #expect(code.letters.count == 8 && code.shown.utf8.count == 9)
            for letter in code.letters { counts[letter, default: 0] += 1 }
        }
        // Each of 20 letters is expected 2,000 times, with a standard deviation of 44.
        #expect(counts.count == 20 && counts.values.allSatisfy { 1600..<2400 ~= $0 })
        #expect(UserCode(drawnFrom: { _ in "" }) == nil)
    }

    @Test("wrong, expired, used and impossible codes look the same", .clause("RFC 8628 section 5.1"))
    func refusals() async throws {
        let server = try await Device.server()
        let used = try #require(await Device.approved(server))
        let expired = await Device(server)
        server.clock.advance(.seconds(600))
        for typed in [used.userCode, expired.userCode, "BBBB-BBBB", "no code", "12345678"] {
            let page = await Device.type(typed, in: Browser(server))
            #expect(page.status == 200 && page.heading == "Connect a device" && page.html.contains(Self.wrong))
        }
        let empty = await Device.type("", in: Browser(server))
        #expect(empty.html.contains("Type the code.") && !empty.html.contains(Self.wrong))
    }

    @Test("a code that was denied cannot be approved afterwards", .clause("RFC 8628 section 3.3"))
    func afterDenial() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let (browser, other) = (Browser(server), Browser(server))
        let (consent, open) = (await device.consent(in: browser), await device.consent(in: other))
        _ = await browser.submit(consent, [("decision", "deny")])
        #expect(await other.allow(open).heading != "Your device is connected")
        #expect(await device.poll().error == "access_denied")
    }

    @Test(
        "a page that is open when the code is decided elsewhere says what became of it",
        .clause("RFC 8628 section 3.3"), arguments: ["allow", "deny"])
    func decidedElsewhere(_ decision: String) async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let browser = Browser(server)
        let tabs = [await device.consent(in: browser), await device.consent(in: browser)]
        _ = await browser.submit(tabs[0], [("scope", "profile"), ("decision", decision)])
        let page = await browser.submit(
            tabs[1], [("scope", "profile"), ("decision", decision == "allow" ? "deny" : "allow")])
        let expected = decision == "allow" ? "This device is already connected" : "Access was already denied"
        #expect(page.status == 200 && page.heading == expected)
        #expect(await device.poll().error == (decision == "allow" ? nil : "access_denied"))
    }

    @Test("if the client is removed while the page is open, the page says that the application is unknown")
    func clientRemoved() async throws {
        let server = try await Device.server()
        let browser = Browser(server)
        let consent = await Device(server).consent(in: browser)
        server.core.install(try await server.generation(Device.plugins, clients: [Demo.web], users: Demo.users))
        let page = await browser.allow(consent)
        #expect(page.status == 400 && page.heading == "Unknown application" && page.link == "/auth/device")
    }

    @Test("guesses are slowed down, and the right code is not looked up then either", .clause("RFC 8628 section 5.1"))
    func guesses() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let browser = Browser(server)
        var page = await browser.open("/auth/device")
        var tries = 0
        while tries < 500, !page.html.contains("There were too many attempts.") {
            page = await browser.submit(page, [("user_code", "BBBB-BBBB")])
            tries += 1
        }
        #expect(tries < 200 && page.html.contains("Try again in"))
        let right = await browser.submit(page, [("user_code", device.userCode)])
        #expect(right.heading == "Connect a device" && right.html.contains("There were too many attempts."))
        server.clock.advance(.seconds(300))
        #expect(await Device.type(device.userCode, in: browser).heading == "Sign in")
    }

    @Test("a user who is signed in is not held up by the guesses of others, and one who is not can sign in first")
    func manyGuesses() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let known = Browser(server)
        _ = await known.signIn(await known.open("/auth/sessions"))
        let others = LentHost(server.core, to: "device-authorization").attempts
        for number in 0..<1100 {
            _ = try await others.count("user_code", of: nil, from: "198.51.\(number / 200).\(number % 200)")
        }
        #expect(await Device.type(device.userCode, in: known).heading == "Allow access to your account?")
        let browser = Browser(server)
        let delayed = await Device.type(device.userCode, in: browser)
        #expect(delayed.html.contains("There were too many attempts."))
        #expect(delayed.link == "https://id.example.com/auth/device/sign-in?user_code=\(device.userCode)")
        let sent = await browser.signIn(await browser.open(delayed.link ?? ""))
        let form = await browser.open(sent.header("location") ?? "")
        #expect(form.heading == "Connect a device" && form.html.contains(#"value="\#(device.userCode)""#))
        let consent = await browser.submit(form, [("user_code", device.userCode)])
        #expect(consent.heading == "Allow access to your account?")
    }

    @Test("a user who is signed in has five wrong codes in all browsers, and is not asked to sign in first")
    func ownGuesses() async throws {
        let sink = RecordingSink.make()
        let server = try await Device.server(Device.plugins + [sink.setup])
        var pages: [Answer] = []
        for _ in 0..<2 {
            let browser = Browser(server)
            _ = await browser.signIn(await browser.open("/auth/sessions"))
            for _ in 0..<3 { pages.append(await Device.type("BBBB-BBBB", in: browser)) }
        }
        #expect(pages.prefix(5).allSatisfy { $0.html.contains(Self.wrong) })
        #expect(pages.last?.html.contains("There were too many attempts.") == true && pages.last?.link == nil)
        let events = try await sink.records.wait { $0.kind.rawValue == "device-authorization.code_delayed" }
        let guesses = events.filter { $0.kind.rawValue.utf8.starts(with: "device-authorization.".utf8) }
        #expect(guesses.count == 6 && guesses.allSatisfy { $0.subject == .user("ann") })
    }

    @Test("the page after signing in starts nothing, and takes nothing but a code", arguments: ["", "AAAA", "<b>"])
    func signInFirst(_ typed: String) async throws {
        let browser = Browser(try await Device.server())
        let sent = await browser.signIn(
            await browser.open("/auth/device/sign-in?user_code=\(Form.encode(typed))"))
        #expect(
            sent.status == 303 && sent.header("location") == "https://id.example.com/auth/device",
            "\(sent.status) \(sent.html)")
    }

    @Test("wrong codes and those that come too early are events, without the code")
    func events() async throws {
        let sink = RecordingSink.make()
        let server = try await Device.server(Device.plugins + [sink.setup])
        let browser = Browser(server)
        for _ in 0..<120 { _ = await Device.type("BBBB-BBBB", in: browser) }
        let events = try await sink.records.wait { $0.kind.rawValue == "device-authorization.code_delayed" }
        let failed = events.filter { $0.kind.rawValue == "device-authorization.code_failed" }
        #expect(failed.count >= 100 && failed.allSatisfy { $0.address == "192.0.2.1" && $0.details == [:] })
    }

    // MARK: pages

    @Test("a link fills the code in, and starts nothing by itself", .clause("RFC 8628 section 3.3.1"))
    func link() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let browser = Browser(server)
        let page = await browser.open(device.answer["verification_uri_complete"] ?? "")
        #expect(page.heading == "Connect a device" && page.html.contains(#"value="\#(device.userCode)""#))
        let signIn = await browser.submit(page, [("user_code", device.userCode)])
        #expect(signIn.heading == "Sign in")
    }

    @Test("what a link contains changes nothing on the page but the letters in the field")
    func filled() async throws {
        let browser = Browser(try await Device.server())
        let plain = Markup.structure(await browser.open("/auth/device").body)
        for mark in HostileMark.all {
            for (_, text) in mark.texts {
                let code = String(decoding: text.utf8.prefix(200), as: UTF8.self)
                let page = await browser.open("/auth/device?user_code=\(Form.encode(code))")
                #expect(page.status == 200 && Markup.structure(page.body) == plain, "\(mark)")
                #expect(!page.html.contains("evil"))
            }
        }
    }

    @Test("a form of another site starts nothing")
    func foreignForm() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let page = await Browser(server).post("/auth/device", [("user_code", device.userCode)])
        #expect(page.status == 400 && page.heading == "This form cannot be accepted")
    }

    @Test(
        "the consent page says which device asked, from where and when, and which code it shows", .clause("RFC 10027"))
    func warning() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let browser = Browser(server)
        let now = await device.consent(in: browser)
        #expect(now.html.contains("The television") && now.html.contains(device.userCode))
        #expect(now.html.contains("The request came from the address <bdi>192.0.2.1</bdi>, less than a minute ago."))
        for (seconds, words) in [(60, "1 minute ago."), (120, "<bdi>3</bdi> minutes ago.")] {
            server.clock.advance(.seconds(seconds))
            #expect(await device.consent(in: browser).html.contains(words), "\(words)")
        }
    }

    @Test("a client's name cannot break the page")
    func hostileName() async throws {
        var client = Device.tv
        client["name"] = "<b>\"'&amp;</b><script>alert(1)</script>"
        let server = try await Device.server(clients: [client])
        let page = await Device(server).consent(in: Browser(server))
        #expect(page.heading == "Allow access to your account?" && !page.html.contains("<script>alert"))
    }

    @Test("consent is asked for each device, even for a first-party client", .clause("RFC 10027"))
    func askedEachTime() async throws {
        let server = try await Device.server()
        let browser = Browser(server)
        for _ in 0..<2 {
            let consent = await Device(server).consent(in: browser)
            #expect(consent.heading == "Allow access to your account?")
            #expect(await browser.allow(consent).heading == "Your device is connected")
        }
        let printer = await server.post("/auth/device_authorization", [], as: ("printer", Demo.secret))
        let page = await Device.type(printer["user_code"] ?? "", in: browser)
        #expect(page.heading == "Allow access to your account?")
        #expect(await browser.open("/auth/grants").html.contains("The television"))
    }

    @Test("users see what devices may do, and end the access of all devices of a client at once")
    func grants() async throws {
        let server = try await Device.server()
        var tokens: [Answer] = []
        for _ in 0..<2 {
            let device = try #require(await Device.approved(server))
            tokens.append(await device.poll())
        }
        func refresh(_ answer: Answer) async -> Answer {
            await server.post(
                "/auth/token",
                [
                    ("grant_type", "refresh_token"), ("refresh_token", answer["refresh_token"] ?? ""),
                    ("client_id", "tv"),
                ])
        }
        server.clock.advance(.seconds(13 * 3600))
        #expect(try await server.core.sessions.list(user: "ann").isEmpty)
        tokens[0] = await refresh(tokens[0])
        #expect(tokens[0].status == 200)
        #expect(try await server.core.tokens.resolve(tokens[0]["access_token"] ?? "") != nil)
        let browser = Browser(server)
        let page = await browser.signIn(await browser.open("/auth/grants"))
        #expect(page.html.contains("The television") && page.html.contains("See your profile"))
        let asked = await browser.submit(page, [("client", "tv")])
        #expect(asked.heading == "Remove access?")
        #expect(await !browser.submit(asked, [("client", "tv")]).html.contains("The television"))
        #expect(try await server.core.tokens.resolve(tokens[0]["access_token"] ?? "") == nil)
        for answer in tokens { #expect(await refresh(answer).error == "invalid_grant") }
    }

    // MARK: buttons that are pressed twice

    @Test("each button can be pressed twice")
    func pressedTwice() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let browser = Browser(server)
        let entry = await browser.open("/auth/device")
        for _ in 0..<2 {
            #expect(await browser.submit(entry, [("user_code", device.userCode)]).heading == "Sign in")
        }
        let consent = await device.consent(in: browser)
        let before = browser.copy()
        #expect(await browser.allow(consent).heading == "Your device is connected")
        #expect(await before.allow(consent).heading == "Your device is connected")
        #expect(await device.poll().status == 200)
    }

    @Test("of 32 racing presses of Allow each shows the same page, and the device gets its tokens once")
    func race() async throws {
        let server = try await Device.server()
        let device = await Device(server)
        let browser = Browser(server)
        let consent = await device.consent(in: browser)
        let headings = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<32 {
                let other = browser.copy()
                group.addTask { await other.allow(consent).heading }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(headings.allSatisfy { $0 == "Your device is connected" }, "\(headings)")
        #expect(await device.poll().status == 200)
    }

    @Test("of two tabs that allow different things at once, one is told so, and the device gets what that one allowed")
    func twoTabs() async throws {
        let server = try await Device.server()
        let browser = Browser(server)
        for _ in 0..<Races.rounds {
            let device = await Device(server)
            let tabs = [await device.consent(in: browser), await device.consent(in: browser)]
            let other = browser.copy()
            async let all = browser.allow(tabs[0])
            async let less = other.allow(tabs[1], ["profile"])
            let connected = [await all.heading, await less.heading].map { $0 == "Your device is connected" }
            #expect(connected.count { $0 } == 1)
            #expect(await device.poll()["scope"]?.contains("read") == connected[0])
            server.clock.advance(.seconds(60))
        }
    }

    // MARK: the QR code

    @Test("the image is the QR code of the page with the code filled in, whether or not the code exists")
    func image() async throws {
        let server = try await Device.server()
        let image = await server.send("GET", "/auth/device/qr", query: "user_code=wdjb-mjht")
        #expect(image.status == 200 && image.header("content-type") == "image/svg+xml")
        #expect(image.header("content-security-policy")?.contains("sandbox") == true)
        let code = try #require(QRCode("https://id.example.com/auth/device?user_code=WDJB-MJHT"))
        #expect(image.html == code.svg)
    }

    @Test(
        "no other text can be made into an image",
        arguments: ["", "user_code=", "user_code=https%3A%2F%2Fevil.example"])
    func noImage(_ query: String) async throws {
        let server = try await Device.server()
        #expect(await server.send("GET", "/auth/device/qr", query: query).status == 400)
    }
}
