// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a step of sign-in and consent that runs in a process of its own.
struct IsolatedStep: InteractionStep {
    let name: String
    let phase: StepPhase
    let fields: [ParameterDeclaration]
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        name = try form.required("name", \.string)
        phase = try StepPhase(word: form["phase"]?.string ?? "")
        fields = try form.list("fields", ParameterDeclaration.init(form:))
        self.role = IsolatedRole(role, of: caller)
    }

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        let input: JSON = ["interaction": interaction.form, "submitted": .pairs(submitted.all)]
        return try await role.call("advance", input, StepOutcome.init(form:))
    }
}

extension StepPhase {
    private static let words: [(word: String, phase: StepPhase)] = [
        ("identify", .identify), ("verify", .verify), ("choose", .choose),
    ]

    init(word: String) throws {
        guard let phase = StepPhase.words.first(where: { $0.word == word })?.phase else {
            throw FormError("'phase' must be identify, verify or choose")
        }
        self = phase
    }

    var word: String { StepPhase.words.first { $0.phase == self }?.word ?? "" }
}
