// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Another request has changed a record of a purpose's plugin, so the purpose must decide anew.
struct PurposeChanged: Error {}
