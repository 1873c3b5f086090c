// SPDX-License-Identifier: Apache-2.0

/// An error of a faulty plugin.
struct OwnError: Error {}
