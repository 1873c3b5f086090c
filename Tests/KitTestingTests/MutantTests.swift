// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKitTesting
import Testing

@Suite("The rules of the kit find planted faults", .timeLimit(.minutes(10)))
struct MutantTests {
    private static let mutants: [Mutant] = [
        PluginMutants.all,
        GrantMutants.all,
        TokenFormatMutants.all,
        ProductMutants.all,
        TokenResolverMutants.all,
        ExtensionMutants.all,
        TokenFilterMutants.all,
        ClaimsMutants.all,
        RevocationMutants.all,
        EndpointMutants.all,
        AuthenticatorMutants.all,
        PageMutants.all,
        PurposeMutants.all,
        StepMutants.all,
        FlowMutants.all,
        RequestFilterMutants.all,
        OutboxMutants.all,
        JobMutants.all,
        EventSinkMutants.all,
        StoreMutants.all,
    ].flatMap { $0 }
    private static let sound: [(name: String, plugin: PluginUnderTest)] = [
        PluginMutants.sound,
        GrantMutants.sound,
        TokenFormatMutants.sound,
        ProductMutants.sound,
        TokenResolverMutants.sound,
        ExtensionMutants.sound,
        TokenFilterMutants.sound,
        ClaimsMutants.sound,
        RevocationMutants.sound,
        EndpointMutants.sound,
        AuthenticatorMutants.sound,
        PageMutants.sound,
        PurposeMutants.sound,
        SoundSteps.all,
        FlowMutants.sound,
        RequestFilterMutants.sound,
        OutboxMutants.sound,
        JobMutants.sound,
        EventSinkMutants.sound,
        StoreMutants.sound,
    ].flatMap { $0 }

    @Test("a fault is found by its rule, in words that say what it is", arguments: mutants)
    func found(_ mutant: Mutant) async throws {
        let check = try #require(mutant.plugin.checks.first { $0.rule == mutant.rule })
        let error = await #expect(throws: (any Error).self) { try await check.run() }
        let said = "\(try #require(error))"
        #expect(said.contains(mutant.says), "\(said)")
    }

    @Test("a plugin without a fault keeps every rule", arguments: sound.indices)
    func kept(_ place: Int) async throws {
        let (name, plugin) = MutantTests.sound[place]
        #expect(plugin.checks.count > 1)
        for check in plugin.checks {
            await #expect(throws: Never.self, "\(name): \(check)") { try await check.run() }
        }
    }

    @Test("every rule of every role has a mutant")
    func complete() {
        let found = MutantTests.mutants.compactMap { mutant in
            mutant.plugin.checks.first { $0.rule == mutant.rule }?.description
        }
        let unproved = PluginUnderTest.allRules.map { "\($0.role.rawValue): \($0.sentence)" }
            .filter { !found.contains($0) }
        #expect(unproved.isEmpty)
    }
}
