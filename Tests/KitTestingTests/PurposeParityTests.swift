// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

@Suite("A test host ends interactions with a purpose like the server", .timeLimit(.minutes(10)))
struct PurposeParityTests {
    /// A button, and the tab in which it is pressed.
    private static let sequences: [[(tab: Int, allows: Bool)]] = [
        [(0, true), (0, true), (1, true)], [(0, false), (0, false), (1, true)], [(0, true), (0, false)],
        [(0, true), (1, false), (1, true)], [(1, false), (0, false), (0, true), (1, false)],
    ]

    /// The headings of the server's pages, and what a test host shows.
    private static let headings = [
        "Your device is connected": "connected", "Access denied": "denied",
        "This device is already connected": "connected_before", "Access was already denied": "denied_before",
        "This page has expired": "refused",
    ]

    @Test("the same buttons lead to the same pages", arguments: sequences.indices)
    func same(_ place: Int) async throws {
        let presses = PurposeParityTests.sequences[place]
        let server = try await Device.server()
        let device = await Device(server, scope: "read")
        let browser = Browser(server)
        var real: [Answer] = []
        for _ in 0..<2 { real.append(await device.consent(in: browser)) }
        let plugin = try await TestHost().load(Plugins.deviceAuthorization)
        let codes = try await plugin.call("POST", "/auth/device_authorization", ["scope": "read"])
        let code = codes.json?["user_code"]?.string ?? ""
        var test: [TestApproval] = []
        for _ in 0..<2 {
            test.append(try plugin.approval(after: try await plugin.call("POST", "/auth/device", ["user_code": code])))
        }
        for press in presses {
            let answer =
                press.allows
                ? await browser.allow(real[press.tab])
                : await browser.submit(real[press.tab], [("decision", "deny")])
            let heading = answer.heading ?? ""
            let shown = await page(test[press.tab], press.allows)
            #expect(PurposeParityTests.headings[heading] == shown, "\(heading)")
        }
    }

    private func page(_ approval: TestApproval, _ allows: Bool) async -> String {
        do {
            let decision = try await allows ? approval.allow() : approval.deny()
            return decision.page.values["kind"]?.string ?? ""
        } catch is OAuthError {
            return "refused"
        } catch {
            return "\(error)"
        }
    }
}
