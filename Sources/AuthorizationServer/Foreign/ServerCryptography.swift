// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// The cryptography that the server needs without keys of its own.
package typealias ServerCryptography = CryptographyService & SignatureVerifier
