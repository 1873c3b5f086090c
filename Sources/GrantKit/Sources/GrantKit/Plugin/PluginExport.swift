// SPDX-License-Identifier: Apache-2.0

/// What a plugin's library hands to the server: its type.
public final class PluginExport: Sendable {
    /// The plugin's type.
    public let type: any Plugin.Type

    private init(_ type: any Plugin.Type) {
        self.type = type
    }

    /// For a plugin's `<id>_plugin_make`: hands over the type.
    public static func make(_ type: any Plugin.Type) -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(PluginExport(type)).toOpaque()
    }

    /// For the server: takes over what `<id>_plugin_make` handed out.
    @_spi(Host)
    public static func take(_ pointer: UnsafeMutableRawPointer) -> PluginExport {
        unsafe Unmanaged<PluginExport>.fromOpaque(pointer).takeRetainedValue()
    }
}
