using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Option active_plugins: a serialised list of files, edited without PHP.</summary>
internal static partial class PluginList
{
    /// <summary>Without connectors, with the clone's own plugin. Null if the value is no list.</summary>
    internal static byte[]? ForClone(byte[] value)
    {
        var strings = new List<SerializedString>();
        if (value.Length > 0 && (value[0] != 'a' || new SerializedPhp(value, strings).Read(0) != value.Length)) return null;
        var plugins = strings.Select(text => Encoding.UTF8.GetString(value, text.Start, text.Length)).Where(plugin => !Connector().IsMatch(plugin)).ToList();
        if (!plugins.Contains(CustomMigratorPackage.PluginFile)) plugins.Insert(0, CustomMigratorPackage.PluginFile);
        var output = new StringBuilder();
        output.Append(CultureInfo.InvariantCulture, $"a:{plugins.Count}:{{");
        for (var i = 0; i < plugins.Count; i++)
            output.Append(CultureInfo.InvariantCulture, $"i:{i};s:{Encoding.UTF8.GetByteCount(plugins[i])}:\"{plugins[i]}\";");
        return Encoding.UTF8.GetBytes(output.Append('}').ToString());
    }

    [GeneratedRegex(@"\A" + ConnectorBuild.FolderPattern + "/")]
    private static partial Regex Connector();
}
