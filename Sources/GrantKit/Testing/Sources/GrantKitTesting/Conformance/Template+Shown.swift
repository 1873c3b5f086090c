// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Template {
    /// The bytes outside of tags that a page with some values shows.
    ///
    /// A section of a list is shown once. Partials and values are left out.
    func shown(_ values: JSON) -> [UInt8] {
        var (shown, at) = ([UInt8](), 0)
        var open: [(isShown: Bool, context: JSON)] = []
        for tag in tags {
            if open.allSatisfy(\.isShown) { shown += bytes[at..<tag.range.lowerBound] }
            at = tag.range.upperBound
            switch tag.kind {
            case .section, .inverted:
                let found = Template.value(tag.name, [values] + open.map(\.context))
                let isThere = Template.isThere(found)
                open.append((tag.kind == .section ? isThere : !isThere, found?.elements.first ?? found ?? .null))
            case .end: _ = open.popLast()
            default: break
            }
        }
        return open.allSatisfy(\.isShown) ? shown + bytes[at...] : shown
    }

    /// The value of a name in the innermost context that has it.
    private static func value(_ name: String, _ contexts: [JSON]) -> JSON? {
        let parts = name.utf8.split(separator: UInt8(ascii: ".")).map { String(decoding: $0, as: UTF8.self) }
        guard let first = parts.first, let found = contexts.last(where: { $0[first] != nil })?[first] else {
            return nil
        }
        return parts.dropFirst().reduce(JSON?.some(found)) { value, part in value?[part] }
    }

    private static func isThere(_ value: JSON?) -> Bool {
        switch value {
        case nil, .null?, .bool(false)?: false
        case .string(let text)?: !text.isEmpty
        case .array(let elements)?: !elements.isEmpty
        default: true
        }
    }
}
