// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A sign-in step of a plugin from outside.
struct ForwardedStep: InteractionStep {
    let name: String
    let phase: StepPhase
    let fields: [ParameterDeclaration]
    private let inner: any InteractionStep
    private let threads: PluginThreads

    init(_ inner: any InteractionStep, on threads: PluginThreads) {
        name = inner.name
        phase = inner.phase
        fields = inner.fields
        self.inner = inner
        self.threads = threads
    }

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        try await threads.call("advance") { [inner] in
            try await inner.advance(interaction, submitted: submitted)
        }
    }
}
