// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The same page was approved already: by a second press of its button, perhaps on another node.
struct ApprovedBefore: Error {}
