// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The error if another request has changed a record of a purpose's plugin, so that the purpose must decide again.
struct PurposeChanged: Error {}
