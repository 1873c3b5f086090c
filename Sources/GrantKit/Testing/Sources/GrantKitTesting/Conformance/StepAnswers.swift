// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// How a check begins a step, and what it submits to the step's pages.
struct StepAnswers: Sendable {
    let begin: PluginUnderTest.Begin?
    let fields: PluginUnderTest.Fields
}
