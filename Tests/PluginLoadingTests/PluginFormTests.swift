// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import PluginProcesses
import Testing

@Suite("The protocol of plugins in processes of their own", .timeLimit(.minutes(10)))
struct PluginFormTests {
    private static let record = StoreRecord(
        StoreKey("a", "1"), ["x": 1], expiresAt: Timestamp(seconds: 9), indexes: ["by": "value"])

    @Test(
        "every kind of write comes back as it was",
        arguments: [
            .create(record), .replace(record, ifVersion: 3), .redeem(StoreKey("a", "1")), .delete(StoreKey("a", "1")),
            .absent(StoreKey("a", "1")),
        ] as [StoreWrite])
    func crosses(write: StoreWrite) throws {
        let restored = try StoreWrite(form: JSON(parsing: write.form.bytes))
        #expect(restored.form == write.form && "\(restored)" == "\(write)")
    }

    @Test("a stored record keeps its version and state, but a process cannot set them in a write")
    func keepsVersion() throws {
        let stored = Self.record.stored(version: 7, isRedeemed: true)
        #expect(try StoreRecord(form: stored.form) == stored)
        guard case .create(let written) = try StoreWrite(form: StoreWrite.create(stored).form) else {
            Issue.record("another kind of write")
            return
        }
        #expect(written.version == 0 && !written.isRedeemed)
    }

    @Test("the outcome of writes comes back as it was")
    func outcome() throws {
        let conflict = WriteOutcome.conflict(write: 2, found: Self.record.stored(version: 1, isRedeemed: false))
        #expect(try WriteOutcome(form: conflict.form) == conflict)
        #expect(try WriteOutcome(form: WriteOutcome.committed.form) == .committed)
    }

    @Test("an authorization crosses with its writes and everything that is stored")
    func authorization() throws {
        var granted = Authorization(
            subject: .user("ann"), limits: AccessLimits(scope: ["read"], audience: ["https://a"], mayRefresh: false))
        granted.attachments = ["openid": ["nonce": "n"]]
        granted.confirmation = Confirmation("jkt", "thumb", tokenType: "DPoP")
        granted.writes = [.redeem(StoreKey("a", "1"))]
        let restored = try Authorization(form: JSON(parsing: granted.form.bytes))
        #expect(restored.form == granted.form && restored.writes.count == 1)
        #expect(restored.limits == granted.limits && restored.confirmation == granted.confirmation)
    }

    @Test("what is stored keeps its form: a server that is updated reads the codes of the one before")
    func keepsStoredForm() throws {
        let stored = #"""
            {"v":1,"user":"ann","scope":"openid read","origin":"code","aud":["https://a"],"exp":9,"refresh":true,\#
            "sid":"s","epoch":1,"grant":"g","cnf":["jkt","t","DPoP"],"attachments":{"openid":{"nonce":"n"}}}
            """#
        let authorization = try Authorization(stored: JSON(parsing: stored))
        #expect(authorization.stored.text == stored && authorization.confirmation?.value == "t")
    }

    @Test("credentials in headers do not cross")
    func hidesCredentials() {
        let head = RequestHead(
            method: "POST", path: "/t", headers: [("authorization", "Basic x"), ("cookie", "y"), ("accept", "z")])
        #expect(head.form["headers"] == [["accept", "z"]])
    }

    @Test("frames are found however the bytes arrive", arguments: [1, 3, 4, 7, 1000])
    func cutsFrames(size: Int) throws {
        let objects: [JSON] = [["call": 1], ["text": .string(String(repeating: "é", count: 200))], ["end": true]]
        let bytes = try objects.flatMap { try Frame.bytes($0) }
        var reader = FrameReader()
        var found: [JSON] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            reader.add(bytes[start..<min(start + size, bytes.count)])
            while let object = try reader.next() { found.append(object) }
        }
        #expect(found == objects && !reader.isInside)
    }

    @Test(
        "bytes that are no frame are refused",
        arguments: [
            [0, 0, 0, 0], [0, 16, 0, 1], [255, 255, 255, 255], [0, 0, 0, 1, 0x7B], [0, 0, 0, 2, 0x5B, 0x5D],
            [0, 0, 0, 4, 0x7B, 0x7D, 0x7B, 0x7D],
        ] as [[UInt8]])
    func refuses(bytes: [UInt8]) {
        var reader = FrameReader()
        reader.add(bytes)
        #expect(throws: FrameError.self) { try reader.next() }
    }

    @Test("a value that is nested as deep as one from outside may be crosses within others")
    func crossesDeep() throws {
        let deep = (0..<JSON.deepest).reduce(JSON.integer(1)) { value, _ in [value] }
        _ = try JSON(parsing: deep.text)
        var reader = FrameReader()
        let message: JSON = ["call": 1, "input": ["request": ["client": ["document": ["details": deep]]]]]
        reader.add(try Frame.bytes(message))
        #expect(try reader.next() == message)
    }

    @Test("an object that is nested deeper than readers accept is not sent")
    func refusesDeep() throws {
        let deepest = (0..<Frame.deepest - 1).reduce(JSON.integer(1)) { value, _ in [value] }
        var reader = FrameReader()
        reader.add(try Frame.bytes(["input": deepest]))
        #expect(try reader.next() == ["input": deepest])
        #expect(throws: FrameError.self) { try Frame.bytes(["input": [deepest]]) }
    }

    @Test("an object that is larger than a frame is not sent")
    func refusesLarge() {
        let text = String(repeating: "x", count: Frame.largest)
        #expect(throws: FrameError.self) { try Frame.bytes(["text": .string(text)]) }
    }

    @Test(
        "a description with a mistake is refused with its place",
        arguments: [
            ([:], "'protocol' must be 1"), (["protocol": 2], "'protocol' must be 1"),
            (["protocol": 1, "stores": [[:]]], "it has 'stores', which cannot be isolated"),
            (["protocol": 1, "token_resolvers": [[:]]], "it has 'token_resolvers', which cannot be isolated"),
            (["protocol": 1, "steps": [["name": "s", "phase": "last"]]], "'phase' must be identify, verify or"),
            (["protocol": 1, "flows": [["response_type": "x"]]], "flows[0]: 'grant' is missing"),
            (["protocol": 1, "authenticators": [[:]]], "an authenticator without parameters"),
            (
                ["protocol": 1, "authenticators": [["parameters": [["name": "grant_type"], ["name": "client_id"]]]]],
                "an authenticator without parameters"
            ),
            (
                [
                    "protocol": 1,
                    "authenticators": [
                        [
                            "parameters": [["name": "proof"]],
                            "methods": [["name": "m", "credential": "other", "attribute": "redirect_uris"]],
                        ]
                    ],
                ], "a method of authentication needs 'redirect_uris'"
            ),
            (["protocol": 1, "token_products": [["longest_life": -1]]], "'longest_life' must be from 0"),
            (["protocol": 1, "issuers": [["name": "x"]]], "issuers[0]: 'keys' must have address or set"),
            (
                [
                    "protocol": 1,
                    "attributes": [["name": "x", "type": "duration", "default": 5, "shortest": 9, "longest": 1]],
                ], "'shortest' and 'longest' must be durations in seconds"
            ),
            (["protocol": 1, "grants": [["key": "x"]]], "grants[0]: 'grant_type' is missing"),
            (["protocol": 1, "grants": 1], "'grants' must be a list"),
            (["protocol": 1, "host_calls": ["keys.steal"]], "there is no host call 'keys.steal'"),
            (["protocol": 1, "endpoints": [["methods": ["GET"], "path": "/x"]]], "endpoints[0]: 'caller' must have"),
            (["protocol": 1, "attributes": [["name": "x", "type": "custom"]]], "'type' must be boolean, string"),
            (["protocol": 1, "attributes": [["name": "x"]]], "'default' is missing"),
        ] as [(JSON, String)])
    func description(form: JSON, _ why: String) {
        let error = #expect(throws: PluginStartError.self) { try PluginDescription(form: form, of: "it") }
        #expect(error?.description.contains(why) == true, "\(error?.description ?? "")")
    }

    @Test("the values of settings are checked against the description")
    func settings() throws {
        let form: JSON = [
            "protocol": 1,
            "settings": [
                ["key": "limit", "type": "integer", "minimum": 1, "maximum": 9, "default": 3],
                ["key": "mode", "type": "string", "words": ["a", "b"]],
            ],
        ]
        let settings = try PluginDescription(form: form, of: "it").settings
        #expect(settings[0].problem(with: 4) == nil && settings[0].problem(with: nil) == nil)
        #expect(settings[0].problem(with: 10) == "'limit' must be from 1 to 9")
        #expect(settings[0].problem(with: "x") == "'limit' must be a whole number")
        #expect(settings[1].problem(with: "c") == "'mode' must be one of a, b")
        #expect(settings[1].problem(with: nil)?.hasPrefix("'mode' must be set") == true)
    }
}
