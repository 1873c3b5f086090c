// SPDX-License-Identifier: Apache-2.0

/// Another request has changed the stored consent of the user to the client, so the answer must be stored anew.
struct ConsentChanged: Error {}
