// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

extension InteractionPolicy: JSONForm {
    package init(form: JSON) throws {
        self.init(limits: try form.required("limits", AccessLimits.init(form:)))
        prompts = Set(try form.words("prompts").map(Prompt.init(rawValue:)))
        maxAge = try form.duration("max_age")
        (acr, essentialACR) = (try form.words("acr"), try form.words("essential_acr"))
        subject = try Subject(in: form)
        (loginHint, languages) = (form["login_hint"]?.string, try form.words("languages"))
        consent = try form["consent"].map(ConsentTerms.init(form:)) ?? ConsentTerms()
        for member in form["attachments"]?.members ?? [] { attachments[member.name] = member.value }
    }

    package var form: JSON {
        let attached = attachments.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }
        return .present([
            ("limits", limits.form), ("prompts", prompts.isEmpty ? nil : .strings(prompts.map(\.rawValue).sorted())),
            ("max_age", (maxAge?.components.seconds).map(JSON.integer)), ("acr", acr.isEmpty ? nil : .strings(acr)),
            ("essential_acr", essentialACR.isEmpty ? nil : .strings(essentialACR)), ("subject", subject?.form),
            ("login_hint", loginHint.map(JSON.string)), ("languages", languages.isEmpty ? nil : .strings(languages)),
            ("consent", consent.form), ("attachments", attached.isEmpty ? nil : .object(attached)),
        ])
    }

    /// Makes the requirements stricter by those that a process has returned, so a process that asks for less gains
    /// nothing.
    mutating func tighten(to returned: InteractionPolicy) throws {
        try limits.narrow(to: returned.limits)
        prompts.formUnion(returned.prompts)
        if let age = returned.maxAge { maxAge = maxAge.map { min($0, age) } ?? age }
        if let subject, returned.subject != subject { throw FormError("'subject' must stay what it was") }
        subject = returned.subject
        if essentialACR.isEmpty {
            essentialACR = returned.essentialACR
        } else if case let kept = essentialACR.filter(returned.essentialACR.contains), !kept.isEmpty {
            essentialACR = kept
        }
        acr += returned.acr.filter { !acr.contains($0) }
        (loginHint, languages) = (returned.loginHint, returned.languages)
        try consent.extend(to: returned.consent)
        attachments.merge(returned.attachments) { former, _ in former }
    }
}

extension ConsentTerms: JSONForm {
    package init(form: JSON) throws {
        self.init()
        if try form.formMembers().contains(where: { $0.name == "each_time" && $0.value == true }) { askEachTime() }
        for warning in try form.list("warnings", ConsentWarning.init(form:)) { add(warning) }
    }

    package var form: JSON {
        .present([
            ("each_time", isAskedEachTime ? true : nil),
            ("warnings", warnings.isEmpty ? nil : .array(warnings.map(\.form))),
        ])
    }

    /// Adds what a process has added.
    ///
    /// - Throws: `FormError` if it has removed a warning.
    fileprivate mutating func extend(to returned: ConsentTerms) throws {
        if returned.isAskedEachTime { askEachTime() }
        guard returned.warnings.count >= warnings.count else { throw FormError("a warning is missing") }
        for warning in returned.warnings.dropFirst(warnings.count) { add(warning) }
    }
}

extension ConsentWarning: JSONForm {
    package init(form: JSON) throws {
        let values = (form["values"]?.members ?? []).map { ($0.name, $0.value.string ?? "") }
        self.init(try form.required("text", \.string), Dictionary(values) { first, _ in first })
    }

    package var form: JSON {
        let sorted = values.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        return .present([("text", .string(text)), ("values", sorted.isEmpty ? nil : .object(sorted))])
    }
}

extension Interaction: JSONForm {
    package init(form: JSON) throws {
        self.init(
            client: try form.required("client", Client.init(form:)),
            policy: try form.required("policy", InteractionPolicy.init(form:)),
            subject: try Subject(in: form), kept: form["kept"],
            address: form["address"]?.string ?? "")
        authenticatedAt = form["authenticated_at"]?.integer.map(Timestamp.init(seconds:))
        (acr, amr) = (form["acr"]?.string, try form.words("amr"))
    }

    package var form: JSON {
        .present([
            ("client", client.form), ("policy", policy.form), ("subject", subject?.form),
            ("authenticated_at", (authenticatedAt?.seconds).map(JSON.integer)), ("acr", acr.map(JSON.string)),
            ("amr", amr.isEmpty ? nil : .strings(amr)), ("kept", kept), ("address", .string(address)),
        ])
    }
}

extension StepOutcome: JSONForm {
    package init(form: JSON) throws {
        if let result = form["done"] {
            self = .done(try StepResult(form: result))
        } else if let page = form["page"] {
            self = .page(try Page(form: page))
        } else if let error = form["refuse"] {
            self = .refuse(try OAuthError(form: error))
        } else if form["skip"]?.bool == true {
            self = .skip
        } else {
            throw FormError("one of skip, done, page and refuse must be there")
        }
    }

    package var form: JSON {
        switch self {
        case .skip: ["skip": true]
        case .done(let result): ["done": result.form]
        case .page(let page): ["page": page.form]
        case .refuse(let error): ["refuse": error.form]
        @unknown default: [:]
        }
    }
}

extension StepResult: JSONForm {
    package init(form: JSON) throws {
        let attached = try form.formMembers().first { $0.name == "attachments" }?.value.members ?? []
        self.init(
            subject: try Subject(in: form), amr: try form.words("amr"),
            acr: form["acr"]?.string,
            attachments: Dictionary(attached.map { ($0.name, $0.value) }) { first, _ in first })
        epoch = form["epoch"]?.integer
    }

    package var form: JSON {
        let attached = attachments.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }
        return .present([
            ("subject", subject?.form), ("epoch", epoch.map(JSON.integer)), ("amr", amr.isEmpty ? nil : .strings(amr)),
            ("acr", acr.map(JSON.string)), ("attachments", attached.isEmpty ? nil : .object(attached)),
        ])
    }
}

extension PurposeRequest: JSONForm {
    package init(form: JSON) throws {
        self.init(
            client: try form.required("client", Client.init(form:)),
            limits: try form.required("limits", AccessLimits.init(form:)),
            consent: try form["consent"].map(ConsentTerms.init(form:)) ?? ConsentTerms())
    }

    package var form: JSON { ["client": client.form, "limits": limits.form, "consent": consent.form] }
}

extension PurposeAnswer: JSONForm {
    package init(form: JSON) throws {
        self.init(
            try form.required("page", Page.init(form:)), writes: try form.list("writes", StoreWrite.init(form:)))
    }

    package var form: JSON { ["page": page.form, "writes": .array(writes.map(\.form))] }
}
