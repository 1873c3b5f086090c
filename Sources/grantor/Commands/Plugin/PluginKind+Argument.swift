// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PluginScaffold

extension PluginKind: ExpressibleByArgument {}
