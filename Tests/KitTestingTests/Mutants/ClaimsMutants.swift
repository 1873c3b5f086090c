// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of sources of claims, and sources without one.
enum ClaimsMutants {
    private static let names = "its claims have names of their own, and it has a destination"
    private static let declared = "it returns only claims that it declares, each once"
    private static let strange = "strange documents of users do no harm"
    private static let networkFails =
        "if another server fails, there is an OAuth error or fewer claims, and no other ones"
    private static let storeFails = "if the store fails, there is an error or fewer claims, and no other ones"

    typealias Tell = @Sendable (ClaimsRequest, any PluginHost) async throws -> [JSON.Member]

    private static func plugin(
        _ claims: [String] = ["department"], to destinations: Set<ClaimsDestination> = [.userinfo, .accessToken],
        tell: @escaping Tell
    ) -> PluginUnderTest {
        ClosureParts.underTest { registry, host in
            registry.add(
                claims: ClosureClaims(claims: claims, destinations: destinations, telling: { try await tell($0, host) })
            )
        }
    }

    private static let department: Tell = { request, _ in
        guard let value = request.user?.document["data"]?["department"]?.string else { return [] }
        return [.init("department", .string(value))]
    }

    private static let asking: Tell = { request, host in
        do {
            let reply = try await host.outbound.send(OutboundRequest("POST", "https://claims.example.com/"))
            guard reply.status == 200, let json = try? JSON(parsing: reply.body) else {
                throw OutboundError("the service did not answer")
            }
            return json.members.filter { $0.name == "department" }
        } catch is OutboundError {
            throw OAuthError(.temporarilyUnavailable, "the claims cannot be read")
        }
    }

    private static let stored: Tell = { request, host in
        let found = try await host.store.read(StoreKey("part", host.cryptography.digest(request.user?.id ?? "")))
        return [.init("department", found?.value["department"] ?? "none")]
    }

    private static func answering(_ plugin: PluginUnderTest) -> PluginUnderTest {
        plugin.on { host in
            host.network.respond { _ in OutboundReply(status: 200, body: Array("{\"department\":\"sales\"}".utf8)) }
        }
    }

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("claims from the document", plugin(tell: department)), ("claims from the store", plugin(tell: stored)),
        ("claims of another server", answering(plugin(tell: asking))),
        (
            "claims that only a scope allows",
            plugin { request, host in
                request.scope.contains("profile") ? try await department(request, host) : []
            }
        ),
    ]

    static let all: [Mutant] = [
        Mutant(
            "its claim has a space", breaks: names, says: "'my claim' is not a word",
            plugin(["my claim"]) { _, _ in [] }),
        Mutant(
            "its claim is the server's", breaks: names, says: "'sub' belongs to the server",
            plugin(["sub"]) { _, _ in [] }),
        Mutant(
            "its claim belongs to access tokens", breaks: names, says: "'gid' belongs to the server",
            plugin(["gid"]) { _, _ in [] }),
        Mutant("it has no destination", breaks: names, says: "it is never asked", plugin(to: [], tell: department)),
        Mutant(
            "it returns an undeclared claim", breaks: declared, says: "'role', which is not among its claims",
            plugin { _, _ in [.init("role", "admin")] }),
        Mutant(
            "it returns a claim twice", breaks: declared, says: "returns 'department' twice",
            plugin { _, _ in [.init("department", "a"), .init("department", "b")] }),
        Mutant(
            "it fails without a user", breaks: "it answers for every subject, client and destination",
            says: "throw an OAuthError",
            plugin { request, host in
                guard request.user != nil else { throw Faults.OwnError() }
                return try await department(request, host)
            }),
        Mutant(
            "it fails for a user with little in the document",
            breaks: "it answers for every subject, client and destination", says: "asked about",
            plugin { request, host in
                guard let user = request.user else { return [] }
                guard user.document["email"] != nil else { throw Faults.OwnError() }
                return try await department(request, host)
            }),
        Mutant(
            "it tells more without scope", breaks: "a narrower scope gets no more claims",
            says: "which it does not return with",
            plugin { request, host in
                request.scope.words.isEmpty ? try await department(request, host) : []
            }),
        Mutant(
            "a name of another type makes it fail", breaks: strange, says: "in every member causes",
            plugin { request, _ in
                guard let user = request.user else { return [] }
                guard user.document["name"]?["formatted"]?.string != nil else { throw Faults.OwnError() }
                return []
            }),
        Mutant(
            "it repeats what is in a document", breaks: strange, says: "repeats what was sent",
            plugin { request, _ in
                let name = request.user?.document["userName"]?.string ?? ""
                guard name.utf8.count < 12 else { throw OAuthError(.accessDenied, "\(name) is too long") }
                return []
            }),
        Mutant(
            "it keeps the claims of one user for another",
            breaks: "each request gets the claims of its own user, also a hundred at once",
            says: "do not keep the claims of one user for another",
            ClosureParts.underTest { registry, _ in
                let memory = Faults.Memory()
                registry.add(
                    claims: ClosureClaims { request in
                        [.init("department", .string(memory.first(request.user?.id ?? "nobody")))]
                    })
            }),
        Mutant(
            "it counts in the store", breaks: "it writes nothing to the store",
            says: "keep what you want to keep in memory",
            plugin { request, host in
                _ = try await host.store.write([.create(Faults.record(host.random(bytes: 16), host))])
                return try await department(request, host)
            }),
        Mutant(
            "it has a default for a failing store", breaks: storeFails, says: "with another value than usual",
            plugin { _, host in
                do {
                    _ = try await host.store.read(StoreKey("part", "a"))
                    return [.init("department", "sales")]
                } catch {
                    return [.init("department", "management")]
                }
            }),
        Mutant(
            "it hides a failing store", breaks: storeFails, says: "which the client sees as server_error",
            plugin { _, host in
                do { _ = try await host.store.read(StoreKey("part", "a")) } catch { throw Faults.OwnError() }
                return []
            }),
        Mutant(
            "it has a default for a failing server", breaks: networkFails, says: "with another value than usual",
            answering(
                plugin { request, host in
                    do { return try await asking(request, host) } catch { return [.init("department", "management")] }
                })),
        Mutant(
            "it throws the error of the network", breaks: networkFails, says: "which the client sees as server_error",
            answering(
                plugin { _, host in
                    let reply = try await host.outbound.send(OutboundRequest("POST", "https://claims.example.com/"))
                    return (try? JSON(parsing: reply.body))?.members.filter { $0.name == "department" } ?? []
                })),
    ]
}
