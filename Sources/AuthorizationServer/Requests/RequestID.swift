// SPDX-License-Identifier: Apache-2.0

/// The id of the request that is being served, for the log lines of plugins and those about their calls.
///
/// It is one task-local string that the head of the request already holds, so setting it allocates no object. Tasks
/// that a plugin starts inherit it, since what they log belongs to the request that started them.
enum RequestID {
    @TaskLocal static var current: String?
}
