// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The page has already been decided, for example by a double click, perhaps on another node.
struct ApprovedBefore: Error {}
