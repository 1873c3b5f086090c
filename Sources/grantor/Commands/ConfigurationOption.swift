// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The option that names the configuration.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file. Relative paths in it start at its folder.")
    var config = "config.yaml"
}
