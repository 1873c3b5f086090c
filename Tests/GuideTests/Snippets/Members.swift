// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves the members of groups to clients whose token has the scope value 'groups'.
struct Members: Endpoint {
    let route = Route(["GET"], "/groups/{group}/members/{id}", metadata: "members_endpoint")
    let admission = Admission.bearer(["groups"])

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        let (group, id) = (try request.variables.required("group"), try request.variables.required("id"))
        return EndpointResponse(["group": .string(group), "member": .string(id)])
    }
}
