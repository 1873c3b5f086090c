// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Has a plugin in a process of its own check the values of client attributes that only it can check.
struct IsolatedAttributes: AttributeCheck {
    /// The bytes of the values in one call: the answer may quote them, and must fit into a frame too.
    private static let most = Frame.largest / 8

    let caller: any PluginCaller

    func problems(with values: [AttributeValue]) async throws -> [String?] {
        var problems: [String?] = []
        for batch in values.map(\.form).batches(ofBytes: IsolatedAttributes.most) {
            problems += try await self.problems(batch)
        }
        return problems
    }

    private func problems(_ values: [JSON]) async throws -> [String?] {
        let output = try await caller.checkAttributes(["values": .array(values)])
        let problems = output["problems"]?.elements ?? []
        guard problems.count == values.count, problems.allSatisfy({ $0 == .null || $0.string != nil }) else {
            throw IsolatedFailure(
                description: "the output of 'check_attributes' is malformed: 'problems' must have a string or null for "
                    + "each value")
        }
        return problems.map(\.string)
    }
}
