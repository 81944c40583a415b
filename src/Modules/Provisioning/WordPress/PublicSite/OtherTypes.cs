using System.Globalization;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>Content of types that plugins define. A clone has no plugin that could show it, so it is not copied; but it is not passed over in silence.</summary>
internal sealed class OtherTypes(PublicApi api, ImportWarnings warnings)
{
    private const int MostTypes = 20;

    /// <summary>Types of WordPress's own: copied, or part of a design.</summary>
    private static readonly HashSet<string> Known = new(
        ["post", "page", "attachment", "nav_menu_item", "wp_block", "wp_template", "wp_template_part", "wp_navigation", "wp_global_styles", "wp_font_family", "wp_font_face"],
        StringComparer.Ordinal);

    internal async Task NameAsync(CancellationToken cancellation)
    {
        foreach (var (name, type) in (await TypesAsync(cancellation)).Where(type => !Known.Contains(type.Name)).Take(MostTypes))
        {
            var route = $"{(type.Text("rest_namespace") is { Length: > 0 } space ? space : "wp/v2")}/{(type.Text("rest_base") is { Length: > 0 } folder ? folder : name)}";
            if (await CountAsync(route, cancellation) is var count and > 0)
                warnings.Count("Content of types that plugins define was not copied", string.Create(CultureInfo.InvariantCulture, $"{type.Text("name")} ({count:N0})"));
        }
    }

    private async Task<IEnumerable<(string Name, RestItem Value)>> TypesAsync(CancellationToken cancellation)
    {
        try
        {
            var types = await api.ObjectAsync("wp/v2/types", cancellation);
            return [.. types.Json.EnumerateObject().Select(type => (type.Name, new RestItem(type.Value)))];
        }
        catch (StepFaultException fault) when (PublicFaults.IsOfOnePart(fault))
        {
            return [];
        }
    }

    private async Task<int> CountAsync(string route, CancellationToken cancellation)
    {
        try
        {
            return (await api.PageAsync(route, "per_page=1&_fields=id", cancellation)).Total ?? 0;
        }
        catch (StepFaultException fault) when (PublicFaults.IsOfOnePart(fault))
        {
            return 0;
        }
    }
}
