// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Has a plugin in a process of its own check the values of client attributes that only it can check.
struct IsolatedAttributes: AttributeCheck {
    /// The size in bytes from which on values are sent in another call: the answer may quote them, and must fit into a
    /// frame too.
    private static let most = Frame.largest / 8

    let caller: any PluginCaller

    func problems(with values: [AttributeValue]) async throws -> [String?] {
        var problems: [String?] = []
        var next: [JSON] = []
        var size = 0
        for form in values.map(\.form) {
            next.append(form)
            size += form.bytes.count
            guard size >= IsolatedAttributes.most else { continue }
            problems += try await self.problems(next)
            (next, size) = ([], 0)
        }
        return next.isEmpty ? problems : problems + (try await self.problems(next))
    }

    private func problems(_ values: [JSON]) async throws -> [String?] {
        let output = try await caller.output(ofPlugin: "check_attributes", ["values": .array(values)])
        let problems = output["problems"]?.elements ?? []
        guard problems.count == values.count, problems.allSatisfy({ $0 == .null || $0.string != nil }) else {
            throw IsolatedFailure(
                description: "the output of 'check_attributes' is malformed: 'problems' must have a string or null for "
                    + "each value")
        }
        return problems.map(\.string)
    }
}
