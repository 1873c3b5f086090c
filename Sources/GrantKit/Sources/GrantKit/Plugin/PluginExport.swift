// SPDX-License-Identifier: Apache-2.0

/// The type of a plugin, as its library passes it to the server.
public final class PluginExport: Sendable {
    /// The plugin's type.
    public let type: any Plugin.Type

    private init(_ type: any Plugin.Type) {
        self.type = type
    }

    /// For a plugin's function `<id>_plugin_make`: wraps the type for the server.
    ///
    /// - Parameter type: The plugin's type.
    /// - Returns: A pointer, which the server releases.
    public static func make(_ type: any Plugin.Type) -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(PluginExport(type)).toOpaque()
    }

    /// For the server: unwraps what `<id>_plugin_make` returned.
    @_spi(Host)
    public static func take(_ pointer: UnsafeMutableRawPointer) -> PluginExport {
        unsafe Unmanaged<PluginExport>.fromOpaque(pointer).takeRetainedValue()
    }
}
