// SPDX-License-Identifier: Apache-2.0

/// What a server has for pages of plugins, and what it keeps to itself.
@_spi(Host)
public enum ServerPages {
    /// The values that a server sets in every page.
    public static let values = [
        "action", "csrf", "dir", "forgot_password", "frames", "frames_script", "has_frames", "help", "home", "icon",
        "issuer_host", "lang", "script", "server_logo", "server_name", "state", "style", "text", "wait", "zone",
    ]

    /// The server's own pages that plugins can show.
    public static let shown = ["error", "sign_in", "signed_out"]

    /// The names of all templates of the server, which no page of a plugin can have.
    public static let names = [
        "client", "consent", "error", "foot", "form_post", "head", "landing", "problem", "scope", "sealed", "sent_back",
        "sign_in", "signed_out",
    ]

    /// The keys of the server's strings.
    public static let texts = [
        "direction", "months", "moment", "wait_second", "wait_seconds", "wait_minute", "wait_minutes", "help", "home",
        "sign_out", "landing_title", "landing_message", "problem", "client", "client_uri", "client_policy_uri",
        "client_tos_uri", "redirect", "redirect_device", "sign_in_title", "username", "password", "forgot_password",
        "sign_in_button", "sign_in_note", "problem_credentials", "problem_too_long", "problem_missing",
        "problem_throttled", "problem_busy", "consent_title", "consent_user", "consent_switch", "consent_audience",
        "consent_scopes", "consent_optional", "consent_no_scopes", "consent_note", "consent_deny", "consent_allow",
        "scope_required", "scope_openid_title", "scope_openid_detail", "scope_profile_title", "scope_profile_detail",
        "scope_email_title", "scope_email_detail", "scope_address_title", "scope_address_detail", "scope_phone_title",
        "scope_phone_detail", "scope_offline_access_title", "scope_offline_access_detail", "scope_claim name_title",
        "scope_claim family_name_title", "scope_claim given_name_title", "scope_claim middle_name_title",
        "scope_claim nickname_title", "scope_claim preferred_username_title", "scope_claim profile_title",
        "scope_claim picture_title", "scope_claim website_title", "scope_claim gender_title",
        "scope_claim birthdate_title", "scope_claim zoneinfo_title", "scope_claim locale_title",
        "scope_claim updated_at_title", "scope_claim email_title", "scope_claim email_verified_title",
        "scope_claim address_title", "scope_claim phone_number_title", "scope_claim phone_number_verified_title",
        "error_title", "error_details", "error_message", "error_code", "error_request_id", "error_detail", "error_note",
        "error_back", "error_client_title", "error_client_message", "error_redirect_uri_title",
        "error_redirect_uri_message", "error_expired_title", "error_expired_message", "error_cookie_title",
        "error_cookie_message", "error_csrf_title", "error_csrf_message", "error_form_title", "error_form_message",
        "error_session_title", "error_session_message", "error_not_found_title", "error_not_found_message",
        "error_unavailable_title", "error_unavailable_message", "error_server_title", "error_server_message",
        "signed_out_title", "signed_out_message", "signed_out_continue", "signed_out_frame", "signed_out_note",
        "sent_back_title", "sent_back_message", "sent_back_button", "form_post_title", "form_post_message",
        "form_post_button",
    ]
}
