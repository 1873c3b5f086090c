// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// What plugins say about values in clients' documents that only they can check.
///
/// They are asked before the documents are read, about all of them at once, because a plugin in another process can only
/// be waited for.
struct AttributeProblems {
    private var found: [AttributeValue: String] = [:]

    /// Nothing is wrong with values that no plugin has to be asked about.
    init() {}

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
            for (value, problem) in zip(asked, problems) { found[value] = problem }
        }
    }

    /// What is wrong with a value of an attribute; nil if it is accepted.
    func problem(with value: JSON, of attribute: AttributeDeclaration) -> String? {
        guard attribute.isCheckedByPlugin else { return attribute.problem(with: value) }
        return found[AttributeValue(attribute.name, at: attribute.level, value)]
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
