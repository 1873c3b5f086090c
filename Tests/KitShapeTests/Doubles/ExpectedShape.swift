// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Testing

/// What a shape reads and registers.
struct ExpectedShape: Sendable, CustomTestStringConvertible {
    let type: any Plugin.Type
    let settings: [String]
    let attributes: [String]
    let adds: Set<String>

    init(_ type: any Plugin.Type, settings: [String] = [], attributes: [String] = [], adds: Set<String>) {
        self.type = type
        self.settings = settings
        self.attributes = attributes
        self.adds = adds
    }

    var testDescription: String { type.manifest.id }

    func check() throws {
        let shape = try LoadedShape(type)
        #expect(shape.settings.settings == settings)
        #expect(shape.settings.attributes == attributes)
        #expect(shape.registry.lines == adds)
    }
}
