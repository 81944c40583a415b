using System.Text.RegularExpressions;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>Looks at a site as a visitor does, before and after its content changes.</summary>
internal sealed partial class SiteProbe(SourceHttp http, Uri home)
{
    private static readonly string[] Pages = ["", "wp-login.php", "?rest_route=/"];

    /// <summary>What each page answers; null where it is broken already, so that nothing can be expected of it later.</summary>
    public async Task<IReadOnlyList<int?>> LookAsync(CancellationToken cancellation)
    {
        var statuses = new List<int?>();
        foreach (var page in Pages)
        {
            var seen = await http.GetFollowingAsync(new Uri(home, page), cancellation);
            statuses.Add(FaultOf(seen) is null ? (int)seen.Status : null);
        }

        return statuses;
    }

    /// <returns>What is broken that was not before, in words; null if nothing is.</returns>
    public async Task<string?> CompareAsync(IReadOnlyList<int?> before, CancellationToken cancellation)
    {
        foreach (var (at, page) in Pages.Index())
        {
            if (before.ElementAtOrDefault(at) is not { } expected) continue;
            var seen = await http.GetFollowingAsync(new Uri(home, page), cancellation);
            if (FaultOf(seen) is { } fault) return $"/{page}: {fault}";
            if ((int)seen.Status != expected) return $"/{page} answers {(int)seen.Status} instead of {expected}";
        }

        return null;
    }

    private static string? FaultOf(SourcePage page)
    {
        if ((int)page.Status >= 500) return $"it answers {(int)page.Status}";
        if (page.Address.AbsolutePath.EndsWith("/wp-admin/install.php", StringComparison.Ordinal)) return "it wants to be installed";
        if (page.Address.AbsolutePath.EndsWith("/wp-admin/upgrade.php", StringComparison.Ordinal)) return "it wants to upgrade its database";
        return Fatal().Match(page.Html) is { Success: true } found ? $"it says '{found.Value}'" : null;
    }

    [GeneratedRegex("<b>(?:Fatal|Parse) error</b>|Error establishing a database connection|class=\"wp-die-message\"")]
    private static partial Regex Fatal();
}
