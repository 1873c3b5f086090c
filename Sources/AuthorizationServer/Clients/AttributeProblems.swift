// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// What plugins say about values in clients' documents that only they can check.
///
/// They are asked before the documents are read, about all of them at once, because a plugin in another process can only
/// be waited for.
struct AttributeProblems {
    /// The answers of the plugins: what is wrong with a value, or nil.
    private var answers: [AttributeValue: String?] = [:]
    /// What is wrong with a value about which no plugin was asked.
    private var unasked: String? = "was not checked by its plugin"

    /// Refuses each value that only a plugin can check.
    init() {}

    /// Accepts values that only a plugin can check, where it is already reported that the plugin cannot say.
    static var reported: AttributeProblems {
        var problems = AttributeProblems()
        problems.unasked = nil
        return problems
    }

    /// Asks the plugins about the values in documents.
    ///
    /// - Throws: `PluginFailure` with the id of a plugin that cannot say.
    init(in documents: [JSON], _ capabilities: Capabilities) async throws {
        for plugin in capabilities.attributeChecks {
            let values = Set(documents.flatMap { document in plugin.attributes.flatMap { $0.values(in: document) } })
            guard !values.isEmpty else { continue }
            let asked = Array(values)
            let problems = try await plugin.check.call("AttributeCheck.problems") {
                try await $0.problems(with: asked)
            }
            for (value, problem) in zip(asked, problems) { answers[value] = .some(problem) }
        }
    }

    /// What is wrong with a value of an attribute; nil if it is accepted.
    func problem(with value: JSON, of attribute: AttributeDeclaration) -> String? {
        guard attribute.isCheckedByPlugin else { return attribute.problem(with: value) }
        return answers[AttributeValue(attribute.name, at: attribute.level, value), default: unasked]
    }
}

extension AttributeDeclaration {
    /// The values that a client's document has for the attribute.
    fileprivate func values(in document: JSON) -> [AttributeValue] {
        let places: [JSON?] =
            switch level {
            case .grant(let key): [document["auth"]?[key]]
            case .everyGrant: document["auth"]?.members.map(\.value) ?? []
            default: [document]
            }
        return places.compactMap { $0?[name] }.map { AttributeValue(name, at: level, $0) }
    }
}
