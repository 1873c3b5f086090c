// SPDX-License-Identifier: Apache-2.0

import GrantKit

@testable import ServerHTTP

/// The parsers for requests to other servers.
let outboundParsers = [
    FuzzedParser("tunnel-answer", longest: 256, checkTunnelAnswer),
    FuzzedParser("pem-blocks", checkPEMBlocks),
    FuzzedParser("outbound-exception", longest: 128, checkException),
]

/// An answer ends at one place: without its last byte it is not complete, and what follows is counted.
@Sendable private func checkTunnelAnswer(_ bytes: [UInt8]) throws {
    guard let answer = try? TunnelAnswer(bytes) else { return }
    try expect(0...999 ~= answer.status, "a status has not three digits: \(answer.status)")
    let end = bytes.count - answer.rest
    try expect(bytes.prefix(end).suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A], "an answer does not end with an empty line")
    try expect(bytes.prefix(end - 1).firstRange(of: [0x0D, 0x0A, 0x0D, 0x0A]) == nil, "an answer ends too late")
    try expect(try TunnelAnswer(Array(bytes.prefix(end - 1))) == nil, "an answer ends too early")
    let more = try TunnelAnswer(bytes + [0x16])
    try expect(more?.status == answer.status && more?.rest == answer.rest + 1, "what follows changes the answer")
}

/// A block is found again in its own bytes, and nothing else is.
@Sendable private func checkPEMBlocks(_ bytes: [UInt8]) throws {
    let lines = bytes.count { $0 == 0x0A } + 1
    for case let block? in PEMBlock.all(in: bytes) {
        try expect(1...lines ~= block.line, "a block begins outside of the file")
        let again = PEMBlock.all(in: block.bytes)
        try expect(again.count == 1, "a block contains another one")
        try expect(again[0]?.bytes == block.bytes, "a block changes when it is read again")
        try expect(isSame(again[0]?.label ?? "", block.label), "a block changes its label when it is read again")
    }
}

/// A host covers itself alone, and a domain everything below it but not itself.
@Sendable private func checkException(_ bytes: [UInt8]) throws {
    switch OutboundException(string(bytes)) {
    case .host(let name)?:
        try expect(OutboundException(name)?.covers(name, nil) == true, "a host does not cover itself: \(name)")
        try expect(OutboundException(name)?.covers("a.\(name)", nil) == false, "a host covers others: \(name)")
    case .domain(let name)?:
        let exception = OutboundException(name)
        try expect(exception?.covers("a\(name)", nil) == true, "a domain does not cover its hosts: \(name)")
        let own = string(Array(name.utf8.dropFirst()))
        try expect(exception?.covers(own, nil) == false, "a domain covers its own name: \(name)")
        try expect(exception?.covers("a\(own)", nil) == false, "a domain covers a neighbour: \(name)")
    case .network?, nil: break
    }
}
