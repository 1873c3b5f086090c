// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The option that names the configuration.
struct ConfigurationOption: ParsableArguments {
    /// The file that is read if none is named.
    static let standard = "config.yaml"

    @Option(name: .shortAndLong, help: "The configuration file. Relative paths in it start at its folder.")
    var config = ConfigurationOption.standard
}
