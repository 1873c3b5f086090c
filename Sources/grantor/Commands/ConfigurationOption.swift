// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Which configuration a command is about.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration. Relative paths in it start at its folder.")
    var config = "config.yaml"
}
