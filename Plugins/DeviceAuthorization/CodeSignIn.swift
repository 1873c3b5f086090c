// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Leads back to the page for a device's code once the user is signed in.
///
/// The page links to it while others keep guessing codes, because the guesses of a user who is signed in are counted
/// apart from theirs.
struct CodeSignIn: Endpoint {
    static let page = Route(["GET"], "/device/sign-in")

    let requests: DeviceRequests
    let route = CodeSignIn.page
    let admission = Admission.user()
    let parameters = [ParameterDeclaration("user_code", longest: 32)]

    func respond(to request: EndpointRequest<UserSession>) async throws -> EndpointResponse {
        guard let code = UserCode(typed: request.parameters["user_code"] ?? "") else {
            return .redirect(requests.host.address(of: CodeEntry.page))
        }
        return .redirect(requests.address(of: CodeEntry.page, with: code))
    }
}
