using System.Text.Json.Serialization;

namespace CloneHub.Provisioning.WordPress;

/// <summary>What the connector on a source site says about the site and its surroundings.</summary>
internal sealed record SourceFacts
{
    [JsonPropertyName("wordpress_version")]
    public required string WordPressVersion { get; init; }
    public required string PhpVersion { get; init; }

    /// <summary>As the server gives it: "10.11.14-MariaDB-0+deb12u2" or "8.0.39".</summary>
    public required string DatabaseVersion { get; init; }

    public required string TablePrefix { get; init; }

    /// <summary>Option <c>siteurl</c> as the site uses it, constants and filters applied; no trailing slash.</summary>
    public required string SiteUrl { get; init; }

    /// <summary>Option <c>home</c> as the site uses it, constants and filters applied; no trailing slash.</summary>
    public required string HomeUrl { get; init; }

    /// <summary>ABSPATH with its trailing slash.</summary>
    public required string AbsolutePath { get; init; }

    public required string ContentDirectory { get; init; }
    public required string ContentUrl { get; init; }
    public required string UploadsDirectory { get; init; }
    public required string UploadsUrl { get; init; }

    /// <summary>Where a copy has the uploads, seen from its root: their own place where that is inside the site.</summary>
    public string UploadsPlace { get; init; } = SourceAddresses.UsualUploads;

    /// <summary>Why a copy cannot have a place for each of the site's folders; null if it can.</summary>
    public string? LayoutProblem { get; init; }

    public required string PluginsDirectory { get; init; }
    public required string PluginsUrl { get; init; }
    public required string MustUsePluginsDirectory { get; init; }
    public string? MustUsePluginsUrl { get; init; }

    /// <summary>Option <c>active_plugins</c> without our own connector.</summary>
    public IReadOnlyList<string> ActivePlugins { get; init; } = [];

    public required string Stylesheet { get; init; }
    public required string Template { get; init; }
    public required string Locale { get; init; }
    public bool IsMultisite { get; init; }

    /// <summary>Constants that wp-config.php defines with a literal: name and PHP literal text. Passwords, keys and salts are left out.</summary>
    public IReadOnlyDictionary<string, string> Defines { get; init; } = new Dictionary<string, string>();

    /// <summary>Names of the constants that wp-config.php makes otherwise, or whose value looks like a secret.</summary>
    public IReadOnlyList<string> OtherDefines { get; init; } = [];

    [JsonIgnore]
    public SourceAddresses Addresses => new(HomeUrl, SiteUrl, ContentUrl, PluginsUrl, MustUsePluginsUrl, UploadsUrl, UploadsPlace);

    /// <summary>Files of wp-content that replace parts of WordPress: object-cache.php, advanced-cache.php, db.php.</summary>
    public IReadOnlyList<string> DropIns { get; init; } = [];

    public string DatabaseCharset { get; init; } = "";
    public string DatabaseCollation { get; init; } = "";
    public string Timezone { get; init; } = "";
    public string ServerSoftware { get; init; } = "";

    /// <summary>Bytes; -1 means no limit.</summary>
    public long MemoryLimit { get; init; }

    /// <summary>Seconds; 0 means no limit.</summary>
    public int MaxExecutionTime { get; init; }

    /// <summary>What the connector can be asked; one of an earlier version does not tell.</summary>
    public IReadOnlyList<string> Operations { get; init; } = [];

    /// <summary>Version of the connector's code on the source.</summary>
    public required string ConnectorVersion { get; init; }
}
