// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A QR code with the address of the page where users type a code, with the code filled in (RFC 8628 section 3.3.1).
///
/// A device that can show a picture but cannot draw a QR code itself, such as a television, loads it. The image says
/// nothing about whether the code exists, and never contains another address.
struct CodeImage: Endpoint {
    let requests: DeviceRequests
    let route = Route(["GET"], "/device/qr")
    let admission = Admission.browser()
    let parameters = [ParameterDeclaration("user_code", required: true, longest: 32)]

    func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        guard let code = UserCode(typed: try request.parameters.required("user_code")) else {
            throw OAuthError(.invalidRequest, "'user_code' must consist of eight letters of user codes")
        }
        guard let image = QRCode(requests.address(with: code)) else {
            throw OAuthError(.serverError, reason: "the issuer is too long for a QR code: use a shorter one")
        }
        return .file(Array(image.svg.utf8), mediaType: "image/svg+xml")
    }
}
