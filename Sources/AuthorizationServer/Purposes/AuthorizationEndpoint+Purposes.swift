// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension AuthorizationEndpoint {
    /// Continues an interaction that an endpoint of a plugin has begun.
    ///
    /// A purpose that has its result refuses everything, even a button that is pressed twice. So the response that was
    /// given is looked for before the purpose is asked, and again if it refuses, because another press may be faster.
    func answer(_ page: OpenPage, of start: PurposeStart, _ trace: inout RequestTrace) async throws -> ServerResponse {
        if page.marker != nil { return try await repeated(page) }
        do {
            let validation = PurposeValidation(
                core: core, generation: generation, plan: plan, languages: Languages.accepted(by: head))
            let valid = try await validation.validate(start)
            trace.client = valid.registered
            var state = page.state
            if case .purpose(let purpose) = valid.target { state.purpose = purpose.start }
            return try await advance(valid, state, page.session, submitted: page.submitted)
        } catch is ApprovedBefore {
            return try await repeated(try await readAgain(page))
        } catch let refusal as PageRefusal {
            let now = try await readAgain(page)
            guard now.marker != nil else { throw refusal }
            return try await repeated(now)
        } catch let settled as PurposeSettled {
            let now = try await readAgain(page)
            guard now.marker == nil else { return try await repeated(now) }
            return try await show(settled, of: start, page.session)
        }
    }

    /// Shows the page of a purpose that got its result elsewhere, for example in another tab; nothing is committed.
    private func show(
        _ settled: PurposeSettled, of start: PurposeStart, _ session: Session?
    ) async throws -> ServerResponse {
        guard let owned = plan.purposes[exactly: start.name] else {
            throw OAuthError(.serverError, reason: "no loaded plugin has the purpose '\(start.name)'")
        }
        return try await owned.call("PurposeSettled") { _ in
            try pages.end(with: settled.page, in: Languages.accepted(by: head), zone: session?.user.timeZone)
        }
    }

    /// Shows the page with which the interaction ended, if the same button was pressed twice.
    ///
    /// - Throws: `PageRefusal` if the form comes later or has changed.
    private func repeated(_ page: OpenPage) async throws -> ServerResponse {
        guard let given = try await page.given(in: core), let shown = given.page,
            try await given.isGood(page.session, in: core)
        else { throw await alreadyUsed(page.state) }
        var response = try pages.end(
            with: shown, in: Languages.accepted(by: head), zone: page.session?.user.timeZone)
        given.begin(page.session, &response, in: core)
        return response
    }
}
