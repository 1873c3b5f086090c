// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

@testable import AuthorizationServer
@testable import DeviceAuthorization

/// The parsers of bodies and parameters.
let requestParsers = [
    FuzzedParser("form", longest: 256, checkForm),
    FuzzedParser("json", longest: 256, checkJSON),
    FuzzedParser("body", checkBody),
    FuzzedParser("scope", checkScope),
    FuzzedParser("audience", checkAudience),
    FuzzedParser("user-code", longest: 256, checkUserCode),
]

/// A code is read again from what is shown of it, and nothing but its letters is shown.
@Sendable private func checkUserCode(_ bytes: [UInt8]) throws {
    let shown = UserCode.shown(typed: string(bytes))
    let isPlain = shown.utf8.allSatisfy { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 || $0 == UInt8(ascii: "-") }
    try expect(isPlain && shown.utf8.count <= 17, "more is shown than letters and a hyphen")
    guard let code = UserCode(typed: string(bytes)) else { return }
    try expect(isSame(shown, code.shown) && code.shown.utf8.count == 9, "a code is shown as another")
    try expect(UserCode(typed: code.shown) == code, "a code that is shown is read as another")
    try expect(QRCode("https://id.example.com/auth/device?user_code=\(code.shown)") != nil, "a code has no image")
}

/// Parameters written as a form are read as the same parameters.
@Sendable private func checkForm(_ bytes: [UInt8]) throws {
    guard let parameters = try? FormBody.parse(bytes) else { return }
    try checkParameters(parameters)
    let written = parameters.all.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }
        .joined(separator: "&")
    let again = try? FormBody.parse(Array(written.utf8))
    try expect(again?.all.count == parameters.all.count, "a form that was written again has other parameters")
    for (left, right) in zip(parameters.all, again?.all ?? []) {
        try expect(
            isSame(left.name, right.name) && isSame(left.value, right.value), "a parameter changed when it was written")
    }
}

private func checkParameters(_ parameters: Parameters) throws {
    try expect(parameters.all.count <= Limit.parameters, "there are more parameters than the limit")
    for parameter in parameters.all {
        try expect(!parameter.name.isEmpty, "a parameter has no name")
        try expect(!parameter.name.utf8.contains(0) && !parameter.value.utf8.contains(0), "a parameter holds NUL")
    }
}

/// A value is written as bytes that are read as the same value, and is not nested more deeply than the limit.
@Sendable private func checkJSON(_ bytes: [UInt8]) throws {
    guard let json = try? JSON(parsing: bytes) else { return }
    let written = json.bytes
    let again = try? JSON(parsing: written)
    try expect(again?.bytes == written, "a value that was written is read as another")
    try expect(again == json, "a value that was written is not equal to the first")
    try expect(depth(of: json) <= JSON.deepest, "a value is nested more deeply than the limit")
}

private func depth(of json: JSON) -> Int {
    switch json {
    case .array(let elements): elements.reduce(0) { max($0, depth(of: $1)) } + 1
    case .object(let members): members.reduce(0) { max($0, depth(of: $1.value)) } + 1
    default: 0
    }
}

/// A content type on the first line and a body after it give valid parameters or none.
@Sendable private func checkBody(_ bytes: [UInt8]) throws {
    let lines = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    let head = RequestHead(
        method: "POST", path: "/auth/token", headers: [("content-type", string(lines[0]))])
    let request = ServerRequest(head: head, body: lines.count > 1 ? Array(lines[1]) : [])
    if let parameters = try? RequestBody.parameters(of: request) { try checkParameters(parameters) }
    if let parameters = try? RequestBody.form(of: request) { try checkParameters(parameters) }
    _ = try? RequestBody.document(of: request, types: ["application/json"])
}

/// A scope has the syntax of RFC 6749 section 3.3, has each scope value once, and is written as it is read.
@Sendable private func checkScope(_ bytes: [UInt8]) throws {
    guard let scope = try? Scope(parsing: string(bytes)) else { return }
    try expect(!scope.words.isEmpty && scope.words.count <= Scope.most, "a scope has no words, or too many")
    try expect(Set(scope.words.map { Array($0.utf8) }).count == scope.words.count, "a word is in a scope twice")
    for word in scope.words {
        try expect(
            word.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C }, "a word has a forbidden byte")
        try expect(scope.contains(word), "a scope does not contain its own word")
    }
    let again = try? Scope(parsing: scope.description)
    try expect(again?.words == scope.words, "a scope that was written is read as another")
}

/// A plain name on the first line matches only itself; a pattern there is refused or matched without a trap.
@Sendable private func checkAudience(_ bytes: [UInt8]) throws {
    let lines = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false).map { string($0) }
    guard let rule = try? AudienceRule([lines[0]]) else { return }
    let asked = lines.count > 1 ? lines[1] : ""
    let allows = rule.allows(asked)
    guard lines[0].utf8.first != UInt8(ascii: "#") else { return }
    try expect(rule.allows(lines[0]), "a name does not allow itself")
    try expect(allows == isSame(lines[0], asked), "a name allows another audience")
}
