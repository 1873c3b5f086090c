// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// A page with a notice of the operator, which users confirm, and a list of those who have.
struct NoticeBoard: Plugin {
    static let manifest = PluginManifest(
        id: "notice-board", summary: "users read and confirm a notice", specification: "")

    private let confirmations: Confirmations
    private let notice: String
    private let scope: String
    private let texts: [String: [String: String]]

    init(settings: Settings, host: any PluginHost) throws {
        confirmations = Confirmations(host: host)
        scope = settings.read(
            "scope", default: "notices", "the scope value with which a client may list who has confirmed")
        let german = settings.read("text_de", default: "", "the notice in German; if it is empty, the one in English")
        // Required settings are read last: the first one that is missing ends this function.
        notice = try settings.read(
            "notice", example: "terms-2027", "the name of the notice; with another one, all users confirm again")
        let english = try settings.read("text_en", example: "The office is closed on Friday.", "the notice in English")
        texts = NoticePage.texts(english: english, german: german)
        guard Scope.isWord(scope) else { throw ConfigurationError("'scope' must be one scope value", at: "scope") }
        guard Scope.isWord(notice), notice.utf8.count <= 64 else {
            throw ConfigurationError("'notice' must be a word of at most 64 printable ASCII characters", at: "notice")
        }
    }

    func register(in registry: inout Registry) {
        registry.add(endpoint: NoticePage(confirmations: confirmations, notice: notice))
        registry.add(page: NoticePage.name, template: NoticePage.template, texts: texts)
        registry.add(
            endpoint: ConfirmationList(
                confirmations: confirmations, notice: notice, admission: Admission.bearer([scope])))
        registry.add(scopeOnRequest: scope)
        registry.add(collection: Confirmations.collection)
    }
}

/// The handshake, which the server reads before it loads this library.
@c(notice_board_plugin_abi) public func noticeBoardPluginABI() -> UnsafeRawPointer? { unsafe grantor_plugin_abi() }

/// Passes the plugin's type to the server.
@c(notice_board_plugin_make) public func noticeBoardPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(NoticeBoard.self)
}
