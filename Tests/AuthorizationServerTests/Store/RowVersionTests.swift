// SPDX-License-Identifier: Apache-2.0

import Cryptography
@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("Rows that other versions of the server wrote", .timeLimit(.minutes(10)))
struct RowVersionTests {
    @Test(
        "each member is read, whether this version, an earlier or a later one wrote the row",
        arguments: StoredRow.all)
    func versions(_ row: StoredRow) async throws {
        let lines = try row.lines()
        #expect(lines.count == 3)
        for line in lines {
            var value = try JSON(parsing: line)
            #expect(value.text == line)
            let read = try await row.read(row.record(value))
            value = value.without("later")
            for name in row.unread { value[name] = nil }
            #expect(read == value)
        }
        #expect(lines.last?.contains("\"later\"") == true)
    }

    @Test(
        "a row that lacks a member is read if the member is optional, and refused otherwise",
        arguments: StoredRow.all)
    func lacking(_ row: StoredRow) async throws {
        var refused: Set<String> = []
        for (path, value) in try row.whole().lackingOne {
            do {
                if try await row.read(row.record(value)) == nil { refused.insert(path) }
            } catch let error as StoreError {
                #expect(!error.message.isEmpty)
                refused.insert(path)
            }
        }
        #expect(refused == row.required)
    }

    @Test("each collection has examples of its rows, in Tests/Fixtures/rows")
    func complete() async throws {
        let generation = try #require(try await Demo.server(Device.plugins).core.generation)
        let all = ServerCore.collections + generation.capabilities.collections + [StoredKeys.collection]
        #expect(Set(all.map(\.name)) == Set(StoredRow.all.map(\.collection)).union(StoredRow.presence))
    }

    @Test("this version writes no member that its example lacks")
    func written() async throws {
        let server = try await Demo.server([.init(WrongStorePlugin.self)] + Plugins.all.dropFirst())
        let store = try #require(
            server.core.generation?.plugins.flatMap(\.registry.stores).first as? WrongStorePlugin)
        _ = try await StoredNumberTests.Scene(server)
        try await server.add(["id": "kim", "userName": "kim.lee", "password": "correct horse"])
        _ = try await server.storedClients.create(StoredClientTests.orders)
        let collections = Set(store.written.map(\.collection))
        #expect(collections.isSuperset(of: ["client", "user", "session", "consent", "refresh_token", "opaque_token"]))
        // Of an interaction, the example is what is sealed.
        for key in store.written where key.collection != InteractionState.collection.name {
            guard let record = try await store.read(key),
                let whole = try StoredRow.all.first(where: { $0.collection == key.collection })?.whole()
            else { continue }
            #expect(record.value.memberNames.isSubset(of: whole.memberNames), "\(key.collection)")
            let (part, known) = (record.value["authorization"] ?? [:], whole["authorization"] ?? [:])
            #expect(part.memberNames.isSubset(of: known.memberNames), "\(key.collection)")
        }
    }
}

extension JSON {
    fileprivate var memberNames: Set<String> { Set(members.map(\.name)) }

    /// The value without the members of a name, at any depth.
    fileprivate func without(_ name: String) -> JSON {
        switch self {
        case .array(let elements): .array(elements.map { $0.without(name) })
        case .object(let members):
            .object(members.filter { $0.name != name }.map { Member($0.name, $0.value.without(name)) })
        default: self
        }
    }

    /// Copies of the value, each without one of its members, with the path of that member.
    fileprivate var lackingOne: [(path: String, value: JSON)] {
        var copies: [(path: String, value: JSON)] = []
        for (place, element) in elements.enumerated() {
            for inner in element.lackingOne {
                var all = elements
                all[place] = inner.value
                copies.append((inner.path, .array(all)))
            }
        }
        for (place, member) in members.enumerated() {
            var all = members
            all.remove(at: place)
            copies.append((member.name, .object(all)))
            for inner in member.value.lackingOne {
                all = members
                all[place].value = inner.value
                copies.append(("\(member.name).\(inner.path)", .object(all)))
            }
        }
        return copies
    }
}
