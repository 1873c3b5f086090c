// SPDX-License-Identifier: Apache-2.0

import GrantKit
import ServerConfiguration
import Testing

@Suite("The settings of a plugin as commands show them")
struct ShownSettingsTests {
    private func shown(_ settings: String) throws -> JSON {
        let sources = ReferenceSources(
            environment: { _ in "from-outside" }, file: { _ in Array("from-outside".utf8) }, exposure: { _ in nil })
        let yaml = "issuer: http://127.0.0.1:8080\nplugins:\n  - { plugin: a-plugin, settings: \(settings) }\n"
        let configuration = Configuration.read(Array(yaml.utf8), name: "grantor.yaml", references: sources)
            .configuration
        return try #require(configuration.plugins.first).shownSettings
    }

    @Test(
        "secrets are hidden at every depth, and references are not resolved",
        arguments: [
            ("{}", "{}"), ("{ label: here, tries: 3, on: true }", #"{"label":"here","tries":3,"on":true}"#),
            ("{ api_password: open-sesame }", #"{"api_password":"(hidden)"}"#),
            ("{ passwrod: open-sesame }", #"{"passwrod":"(hidden)"}"#),
            ("{ secrets: [one, two] }", #"{"secrets":"(hidden)"}"#),
            ("{ credentials: { user: ann, code: 1 } }", #"{"credentials":"(hidden)"}"#),
            ("{ api: { url: a, clientSecret: b } }", #"{"api":{"url":"a","clientSecret":"(hidden)"}}"#),
            ("{ urls: ['https://a', 'https://b:c@d'] }", #"{"urls":["https://a","(hidden)"]}"#),
            ("{ label: { env: LABEL } }", #"{"label":{"env":"LABEL"}}"#),
            ("{ password: { file: /run/password } }", #"{"password":{"file":"/run/password"}}"#),
        ])
    func masked(_ settings: String, _ expected: String) throws {
        #expect(try shown(settings).text == expected)
    }
}
