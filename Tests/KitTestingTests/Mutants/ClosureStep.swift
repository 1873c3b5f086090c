// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// A step whose decision is a function.
struct ClosureStep: Plugin, InteractionStep {
    typealias Advance = @Sendable (Interaction, Parameters, any PluginHost) async throws -> StepOutcome

    static let manifest = PluginManifest(id: "closure-step", summary: "is tested", specification: "")

    var name = "ask"
    var phase = StepPhase.verify
    var fields = [ParameterDeclaration("code", secret: true, example: "123456")]
    let host: any PluginHost
    let decide: Advance

    init(settings: Settings, host: any PluginHost) {
        self.init(host: host) { _, _, _ in .skip }
    }

    init(host: any PluginHost, decide: @escaping Advance) {
        self.host = host
        self.decide = decide
    }

    func register(in registry: inout Registry) {
        registry.add(step: self)
        registry.add(page: "ask", template: "", texts: ["en": ["ask_title": "A question"]])
        registry.add(collection: StoreCollection("used"))
    }

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        try await decide(interaction, submitted, host)
    }

    /// The step under test, with changes.
    static func underTest(
        _ change: @escaping @Sendable (inout ClosureStep) -> Void = { _ in }, decide: @escaping Advance
    ) -> PluginUnderTest {
        PluginUnderTest(manifest) { _, host in
            var step = ClosureStep(host: host, decide: decide)
            change(&step)
            return step
        }
    }
}
