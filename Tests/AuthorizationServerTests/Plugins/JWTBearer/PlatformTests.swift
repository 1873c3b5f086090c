// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer
@testable import Cryptography

/// The examples in Docs/Configuration/jwt-bearer.md, with claims as the platforms issue them.
@Suite("Workloads trade the tokens of their platforms", .timeLimit(.minutes(10)))
struct PlatformTests {
    // MARK: Kubernetes

    private static let cluster = "https://kubernetes.default.svc.cluster.local"

    /// The token of a projected volume, as Kubernetes 1.32 issues it.
    private func serviceAccount(
        _ party: TrustedParty, _ namespace: String, at now: Timestamp
    ) throws -> String {
        let claims: JSON = [
            "aud": ["https://id.example.com"], "exp": .integer(now.seconds + 3607), "iat": .integer(now.seconds),
            "iss": .string(Self.cluster), "jti": "3a1d9a2c-0f5b-4d6c-9ad0-5c2d6f2a7c10",
            "kubernetes.io": [
                "namespace": .string(namespace), "node": ["name": "node-1", "uid": "a41a0d48"],
                "pod": ["name": "orders-7c6d5-x2x1z", "uid": "5e0f66a1"],
                "serviceaccount": ["name": "orders", "uid": "9a3b0f6e"],
            ],
            "nbf": .integer(now.seconds), "sub": .string("system:serviceaccount:\(namespace):orders"),
        ]
        return try party.token(claims, header: ["typ": .null])
    }

    private func kubernetes(_ party: TrustedParty) -> JSON {
        [
            "issuer": .string(Self.cluster), "keys": party.signer.keys, "algorithms": ["RS256"], "jti": "ignored",
            "clients": ["orders"], "scope": ["read"],
            "subjects": [["subject": "system:serviceaccount:shop:*", "as": "client"]],
        ]
    }

    @Test("a Kubernetes service account gets access, again and again with the token that kubelet keeps for it")
    func kubernetes() async throws {
        let party = try TrustedParty(Self.cluster, algorithm: "RS256")
        let client: JSON = ["id": "orders", "grant_types": ["jwt_bearer"], "scope": ["read"]]
        let server = try await TestServer(
            TestServer.trusting(kubernetes(party)), clients: [TestServer.service, client])
        let form = [("client_id", "orders")]
        let token = try serviceAccount(party, "shop", at: server.clock.now)
        for _ in 0..<3 {
            let answer = await server.trade(token, form, as: nil)
            #expect(answer.status == 200 && answer["scope"] == "read", "\(answer.json) \(server.log.lines)")
        }
        for namespace in ["shop-of-others", "default"] {
            let other = try serviceAccount(party, namespace, at: server.clock.now)
            #expect(TestServer.isRefused(await server.trade(other, form, as: nil)), "\(namespace)")
        }
    }

    @Test("a Kubernetes service account authenticates as a client")
    func kubernetesClient() async throws {
        let party = try TrustedParty(Self.cluster, algorithm: "RS256")
        let client: JSON = [
            "id": "orders", "grant_types": ["client_credentials"], "scope": ["read"],
            "federated": [["issuer": .string(Self.cluster), "subject": "system:serviceaccount:shop:orders"]],
        ]
        let server = try await TestServer(TestServer.trusting(kubernetes(party)), clients: [client])
        let token = try serviceAccount(party, "shop", at: server.clock.now)
        for _ in 0..<2 {
            #expect(await server.assert(token, [("client_id", "orders")]).status == 200, "\(server.log.lines)")
        }
        let other = try serviceAccount(party, "other", at: server.clock.now)
        #expect(await server.assert(other, [("client_id", "orders")]).status == 401)
    }

    // MARK: GitHub Actions

    private static let actions = "https://token.actions.githubusercontent.com"

    /// The token of a workflow run, as GitHub issues it.
    private func workflow(_ party: TrustedParty, _ subject: String, at now: Timestamp, id: String) throws -> String {
        let claims: JSON = [
            "jti": .string(id), "sub": .string(subject), "aud": "https://id.example.com",
            "ref": "refs/heads/main", "sha": "0f6a6d4e1a9f9a7c9d3e2b1c0d9e8f7a6b5c4d3e",
            "repository": "example/shop", "repository_owner": "example", "repository_owner_id": "65",
            "run_id": "30433642", "run_number": "10", "run_attempt": "1", "repository_visibility": "private",
            "repository_id": "74", "actor_id": "12", "actor": "octocat", "workflow": "deploy", "head_ref": "",
            "base_ref": "", "event_name": "push", "ref_protected": "true", "ref_type": "branch",
            "job_workflow_ref": "example/shop/.github/workflows/deploy.yml@refs/heads/main",
            "runner_environment": "github-hosted", "iss": .string(Self.actions),
            "nbf": .integer(now.seconds - 300), "exp": .integer(now.seconds + 300), "iat": .integer(now.seconds),
        ]
        return try party.token(claims, header: ["typ": "JWT", "x5t": "HyK7V3w9hYy2mE0hqXbQk4d9pQc"])
    }

    @Test("a GitHub Actions workflow gets access once for its branch, and none for another repository")
    func gitHub() async throws {
        let party = try TrustedParty(Self.actions, algorithm: "RS256")
        let keys = KeyServer(party.signer.keys)
        let entry: JSON = [
            "issuer": .string(Self.actions), "jwks_uri": "https://token.actions.githubusercontent.com/.well-known/jwks",
            "algorithms": ["RS256"], "jti": "required", "clients": ["deploy"], "scope": ["deploy"],
            "subjects": [["subject": "repo:example/shop:ref:refs/heads/main", "as": "client"]],
        ]
        let client: JSON = ["id": "deploy", "grant_types": ["jwt_bearer"], "scope": ["deploy", "read"]]
        let server = try await TestServer(TestServer.trusting(entry), clients: [client], outbound: keys)
        func trade(_ subject: String, _ id: String) async throws -> Answer {
            let token = try workflow(party, subject, at: server.clock.now, id: id)
            return await server.trade(token, [("client_id", "deploy")], as: nil)
        }
        let answer = try await trade("repo:example/shop:ref:refs/heads/main", "1")
        #expect(answer.status == 200 && answer["scope"] == "deploy", "\(answer.json) \(server.log.lines)")
        let replayed = try await trade("repo:example/shop:ref:refs/heads/main", "1")
        #expect(TestServer.isRefused(replayed))
        for subject in [
            "repo:example/shop:ref:refs/heads/feature", "repo:example/shop:pull_request",
            "repo:other/shop:ref:refs/heads/main",
            "repo:example/shop-copy:ref:refs/heads/main",
        ] {
            let other = try await trade(subject, subject)
            #expect(TestServer.isRefused(other), "\(subject)")
        }
    }

    // MARK: another Grantor

    /// Serves the documents of another server of the test.
    private struct OtherServer: OutboundHTTP {
        let server: TestServer

        func send(_ request: OutboundRequest) async throws -> OutboundReply {
            let path = request.url.replacing(server.core.issuer, with: "")
            let answer = await server.send(request.method, path)
            return OutboundReply(status: answer.status, headers: answer.headers, body: answer.body)
        }
    }

    @Test("a token of another Grantor for this server gets access here, with no more scope than it has there")
    func anotherServer() async throws {
        let elsewhere = "https://partner.example.com"
        let agent: JSON = [
            "id": "agent", "secret": "a secret of the agent", "grant_types": ["client_credentials"],
            "scope": ["read", "other"],
            "auth": [
                "client_credentials": ["audience": ["https://id.example.com"], "token_format": "jwt"]
            ],
        ]
        let there = try await TestServer(Plugins.all, clients: [agent], issuer: elsewhere)
        let entry: JSON = [
            "issuer": .string(elsewhere), "jwks_uri": .string(elsewhere + "/.well-known/jwks.json"),
            "types": ["at+jwt"], "clients": ["robot"], "scope": ["read", "write"],
            "subjects": [["subject": "agent", "as": "client"]],
        ]
        let here = try await TestServer(
            TestServer.trusting(entry), clients: [TestServer.service, TestServer.robot()],
            outbound: OtherServer(server: there))
        let issued = await there.post(
            "/auth/token", [("grant_type", "client_credentials")], as: ("agent", "a secret of the agent"))
        let token = try #require(issued["access_token"])
        let answer = await here.trade(token)
        #expect(answer.status == 200 && answer["scope"] == "read", "\(answer.json) \(here.log.lines)")
        let forItself = await there.trade(token, as: ("agent", "a secret of the agent"))
        #expect(forItself.status != 200)
    }
}
