// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Launches apps with a patient in context (SMART App Launch 2.2).
struct SMARTLaunch: Plugin {
    static let manifest = PluginManifest(
        id: "smart-launch", summary: "apps with a patient in context", specification: "SMART App Launch 2.2")

    private let host: any LaterHost
    private let fhir: String

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        fhir = try settings.read(
            "fhir_base", example: "https://fhir.example.com/r4", "the FHIR server that tokens are for")
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("launch"))
        registry.add(requestFilter: LaunchFilter(host: host, fhir: fhir))
        registry.add(step: PatientPicker(host: host, fhir: fhir))
        registry.add(extension: LaunchContext())
        registry.add(later: ResourceScopeRule())
        registry.add(later: FHIRServerParameter(fhir: fhir))
        registry.add(
            document: "smart-configuration",
            adding: [
                .init("capabilities", ["launch-ehr", "launch-standalone", "context-standalone-patient"]),
                .init("associated_endpoints", [["url": .string(fhir)]]),
            ])
    }
}

struct LaunchFilter: AuthorizationRequestFilter {
    let host: any LaterHost
    let fhir: String
    let parameters = [ParameterDeclaration("launch", longest: 256)]

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        let isClinical = policy.limits.scope.words.contains { $0.hasPrefix("launch") || $0.hasPrefix("patient/") }
        guard isClinical else { return }
        guard policy.limits.audience.contains(fhir) else {
            throw OAuthError(.invalidTarget, "'aud' must be the FHIR server")
        }
        try policy.limits.keep(audience: [fhir])
        guard let launch = request.parameters["launch"] else { return policy.limits.keep { $0 != "launch" } }
        let key = StoreKey("launch", host.cryptography.digest(launch))
        guard let record = try await host.store.read(key), record.expiresAt > host.now else {
            throw OAuthError(.invalidRequest, "the launch is unknown or has expired")
        }
        policy.attachments[SMARTLaunch.manifest.id] = record.value
    }
}

/// The parameter `aud`, which names the FHIR server.
struct FHIRServerParameter: AudienceParameter {
    let fhir: String
    let name = "aud"

    func audience(of value: String) throws -> String {
        guard value == fhir else {
            throw OAuthError(.invalidTarget, "'aud' is not the FHIR server of this authorization server")
        }
        return value
    }
}

/// Asks for the patient if the launch did not name one.
struct PatientPicker: InteractionStep {
    let host: any LaterHost
    let fhir: String
    let name = "patient"
    let phase = StepPhase.choose
    let fields = [ParameterDeclaration("patient", longest: 64)]

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        let policy = interaction.policy
        guard policy.limits.scope.contains("launch/patient"), let subject = interaction.subject,
            policy.attachments[SMARTLaunch.manifest.id]?["patient"] == nil
        else { return .skip }
        if let chosen = submitted["patient"], interaction.kept?.strings.contains(chosen) == true {
            return .done(StepResult(attachments: [SMARTLaunch.manifest.id: ["patient": .string(chosen)]]))
        }
        let reply = try await host.outbound.send(
            OutboundRequest("GET", "\(fhir)/Patient?general-practitioner=\(subject.id)"))
        let ids = ((try? JSON(parsing: reply.body))?["entry"]?.elements ?? []).compactMap {
            $0["resource"]?["id"]?.string
        }
        guard !ids.isEmpty else { return .refuse(OAuthError(.accessDenied, reason: "there is no patient to choose")) }
        return .page(Page("patient", ["patients": .strings(ids)], kept: .strings(ids)))
    }
}

/// Adds the patient to the token response.
struct LaunchContext: ResponseExtension {
    let members = ["patient", "encounter", "need_patient_banner"]

    func extend(_ issuance: inout Issuance) async throws {
        guard let context = issuance.authorization.attachments[SMARTLaunch.manifest.id] else { return }
        for name in ["patient", "encounter"] {
            if let value = context[name] { try issuance.add(name, value) }
        }
        try issuance.add("need_patient_banner", true)
    }
}

/// Compares scope values such as `patient/Observation.rs`, where `*` means every type and each letter one permission.
struct ResourceScopeRule: ScopeRule {
    let name = "smart"

    private struct Word {
        var who: Substring
        var type: Substring
        var rights: Substring

        init?(_ text: String) {
            guard let slash = text.firstIndex(of: "/"), let dot = text.lastIndex(of: "."), slash < dot else {
                return nil
            }
            who = text[..<slash]
            type = text[text.index(after: slash)..<dot]
            rights = text[text.index(after: dot)...]
        }

        /// The scope value that allows what both allow.
        func common(with other: Word) -> String? {
            guard who == other.who, type == other.type || type == "*" || other.type == "*" else { return nil }
            let rights = rights.filter(other.rights.contains)
            return rights.isEmpty ? nil : "\(who)/\(type == "*" ? other.type : type).\(rights)"
        }
    }

    func narrow(allowed: Scope, requested: String) -> [String]? {
        guard let word = Word(requested) else { return nil }
        return allowed.words.compactMap(Word.init).compactMap(word.common)
    }
}
