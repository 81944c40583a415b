using System.Security.Cryptography;
using CloneHub.Dev.WordPress;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>Everything a site consists of, as one comparable text: rows without transients, files without what PHP caches.</summary>
internal static class SiteState
{
    public static async Task<string> TakeAsync(SourceSite site)
    {
        var lines = new List<string>();
        foreach (var table in await site.QueryAsync("SHOW TABLES", CancellationToken.None))
        {
            var name = table[0]!;
            var where = name.EndsWith("_options", StringComparison.Ordinal) ? " WHERE option_name NOT LIKE '%\\_transient\\_%'" : "";
            foreach (var row in await site.QueryAsync($"SELECT * FROM `{name}`{where} ORDER BY 1", CancellationToken.None))
            {
                lines.Add($"{name}: {string.Join('|', row.Select(value => value ?? "NULL"))}");
            }
        }

        foreach (var path in Directory.EnumerateFileSystemEntries(site.Root.FullName, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var sum = Directory.Exists(path) ? "folder" : Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(path)));
            lines.Add($"{path}: {sum}");
        }

        return string.Join('\n', lines);
    }
}
