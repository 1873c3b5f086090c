// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Testing

@testable import AuthorizationServer

@Suite("ReservedNames.md says which names belong to the server", .timeLimit(.minutes(10)))
struct ReservedNamesTests {
    /// The names in the row of a kind.
    private func told(_ kind: String) throws -> Set<String> {
        let row = try #require(try GuidePage("\(GuidePage.catalog)/ReservedNames.md").row(kind), "no row '\(kind)'")
        let names = row[1].matches(of: /`([^`]+)`/).map { String($0.1) }
        #expect(Set(names).count == names.count, "\(kind)")
        return Set(names)
    }

    /// The strings between brackets behind a piece of source.
    private func strings(_ before: String, in file: String) throws -> Set<String> {
        let text = try String(contentsOfFile: "\(GuidePage.root)/Sources/\(file)", encoding: .utf8)
        let place = try #require(text.range(of: before), "\(file): \(before)")
        let list = text[place.upperBound...].prefix { $0 != "]" }
        return Set(list.matches(of: /"([^"]+)"/).map { String($0.1) })
    }

    @Test("names that a plugin cannot add")
    func core() throws {
        #expect(
            try told("path") == ["/token", AuthorizationEndpoint.path, AuthorizationEndpoint.interactionPath])
        #expect(try told("member of token responses") == Set(NameClaims.responseMembers))
        #expect(try told("step") == [InteractionRun.step])
        #expect(try told("form field of a step") == Set(InteractionRun.fields))
        #expect(try told("collection") == Set(NameClaims.collectionsOfCore))
        #expect(try told("method of client authentication") == Set(ClientMethod.ofCore))
        #expect(try told("member of the metadata") == Metadata.own)
        #expect(
            try told("document below `/.well-known`")
                == strings("(.document, [", in: "AuthorizationServer/Server/NameClaims.swift"))
    }

    @Test("claims that only the core sets")
    func claims() throws {
        #expect(try told("claim of an access token or an introspection response") == ClaimsDestination.reserved)
    }

    @Test("settings and attributes of clients")
    func attributes() throws {
        let reserved = try strings("let reserved = [", in: "ServerConfiguration/PluginSettings.swift")
        #expect(try told("setting, client attribute") == reserved && !reserved.isEmpty)
        let own = try told("client attribute at the top of a document")
        #expect(own.allSatisfy { ClientDocument.isOwn(member: $0) })
        let file = "AuthorizationServer/Clients/ClientDocument.swift"
        let members = try strings("let members = [", in: file).union(strings("let membersForPeople = [", in: file))
        let addresses = ClientDescription.addresses.map(\.member)
        #expect(own == members.union(addresses).union(["redirect_uri"]) && members.count > 5)
        let ofGrants = try strings("let attributes = [", in: file).union(["redirect_uri"])
        #expect(try told("client attribute of a grant") == ofGrants)
        #expect(ofGrants.allSatisfy { ClientDocument.isOwn(attribute: $0) })
    }

    @Test("values that the server sets in pages")
    func pages() throws {
        let own = try strings("ownValues: Set<String> = [", in: "AuthorizationServer/Pages/PageResponder.swift")
        let pages = try String(
            contentsOfFile: "\(GuidePage.root)/Sources/ServerHTTP/Rendering/Pages.swift", encoding: .utf8)
        let assets = pages.matches(of: /PageAsset\(value: "([a-z_]+)"/).map { String($0.1) }
        #expect(assets.count == 4)
        #expect(try told("value of a page") == own.union(assets))
    }
}
