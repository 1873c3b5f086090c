// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import Support
import Testing

@Suite("Two nodes sign with the same keys", .timeLimit(.minutes(10)))
struct NodeKeyTests {
    private static let signed = """
          - id: signed
            secret: "\(Nodes.secret)"
            grant_types: [client_credentials]
            scope: [read]
            auth: { client_credentials: { token_format: jwt } }
        """

    private func kids(_ node: Program) throws -> [String] {
        try node.get("/.well-known/jwks.json").json["keys"]?.elements.compactMap { $0["kid"]?.string } ?? []
    }

    /// The key that a node signs with.
    private func kid(_ token: String) throws -> String? {
        let header = token.split(separator: ".").first.map { String($0) } ?? ""
        let padded = header.replacing("-", with: "+").replacing("_", with: "/")
        let data = Data(base64Encoded: padded + String(repeating: "=", count: (4 - padded.utf8.count % 4) % 4))
        return try JSON(parsing: Array(data ?? Data()))["kid"]?.string
    }

    private static func withoutRepetitions(_ kids: [String]) -> [String] {
        kids.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    @Test("keys rotate once and not once for each node, and what one node signs, the other accepts")
    func rotation() async throws {
        let quick = "{ rotate_every: 6s, announce: 5s, cache: 1s }"
        try await Nodes.with(plugins: ["jwt-token"], keys: quick, clients: Self.signed) { nodes in
            var signing: [[String]] = [[], []]
            let begin = ContinuousClock.now
            while ContinuousClock.now - begin < .seconds(15) || Set(signing.joined()).count < 2 {
                for (place, node) in nodes.programs.enumerated() {
                    let answer = try node.token("signed", Nodes.secret)
                    let token = try #require(answer["access_token"], "\(answer.body)")
                    let other = nodes.programs[1 - place]
                    let seen = try other.post("/auth/introspect", [("token", token)], as: ("signed", Nodes.secret))
                    #expect(seen.json["active"] == true, "a token of node \(place)")
                    signing[place].append(try #require(try kid(token)))
                }
                try await Task.sleep(for: .milliseconds(100))
            }
            let seconds = (ContinuousClock.now - begin).components.seconds
            let keys = Set(signing.joined()).count
            #expect(keys <= Int(seconds) / 6 + 2, "\(keys) keys in \(seconds) seconds")
            // A node caches its keys for a second, so two nodes may change over at different moments. At each of them, a key
            // that has been replaced never signs again, and both take the keys in the same order.
            let orders = signing.map(Self.withoutRepetitions)
            for order in orders { #expect(order.count == Set(order).count, "\(order)") }
            #expect(zip(orders[0], orders[1]).allSatisfy { $0 == $1 }, "\(orders)")
        }
    }

    @Test("a key that a command announces or withdraws is published, and no longer is, by both nodes")
    func commands() async throws {
        try await Nodes.with(plugins: ["jwt-token"], clients: Self.signed) { nodes in
            let former = Set(try kids(nodes.first))
            #expect(try former.count > 0 && Set(kids(nodes.second)) == former)
            let rotated = try Command.grantor("keys", "rotate", in: nodes.folder)
            #expect(rotated.status == 0, "\(rotated.errors)")
            try await Patience.wait { try nodes.programs.allSatisfy { try kids($0).count > former.count } }
            let added = try #require(Set(try kids(nodes.first)).subtracting(former).first)
            try await Patience.wait { try kids(nodes.second).contains(added) }
            let retired = try Command.grantor("keys", "retire", added, in: nodes.folder)
            #expect(retired.status == 0, "\(retired.errors)")
            try await Patience.wait { try nodes.programs.allSatisfy { try !kids($0).contains(added) } }
            for node in nodes.programs { #expect(try !kids(node).contains(added)) }
        }
    }
}
#endif
