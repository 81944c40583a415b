using System.Net;
using CloneHub.Dev.Servers;

namespace CloneHub.Dev.WordPress;

public enum SiteContent
{
    /// <summary>A fresh WordPress with a few posts and one image.</summary>
    Tiny,

    /// <summary>Some hundred posts, pages and media, menus, widgets, users, comments.</summary>
    Demo,

    /// <summary>A site that has grown for years: over 10,000 files, 150 MB of them images, and a database of 10 MB.</summary>
    Medium,

    /// <summary>A large one: 300 MB of files, and 70 MB of SQL of which the tables of plugins come first.</summary>
    Large,

    /// <summary>A fifth of a site of 20 GB: 4 GB of files, and one table of a million rows.</summary>
    Huge,
}

/// <summary>What a source site is to be like.</summary>
public sealed record SourceSiteOptions
{
    /// <summary>Unique among the sites of one set of servers: letters and digits.</summary>
    public required string Name { get; init; }

    /// <summary>The site's own name of its host. It listens on the loopback interface only; whoever gives another name leads it there.</summary>
    public string Address { get; init; } = "127.0.0.1";

    public SiteContent Content { get; init; } = SiteContent.Tiny;

    /// <summary>Where the site has its database; null for the MariaDB of the servers.</summary>
    public DatabaseServer? Database { get; init; }

    public string TablePrefix { get; init; } = "wp_";

    /// <summary>PHP source of a must-use plugin, with its opening tag.</summary>
    public string? MuPlugin { get; init; }

    /// <summary>Constants of wp-config.php: name to PHP literal ("true", "'ftpext'").</summary>
    public IReadOnlyDictionary<string, string> Defines { get; init; } = new Dictionary<string, string>();

    /// <summary>Settings of PHP that the site cannot change, such as memory_limit.</summary>
    public IReadOnlyDictionary<string, string> PhpSettings { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<SiteUser> Users { get; init; } = [];

    /// <summary>Asked for by the web server before WordPress sees a request.</summary>
    public NetworkCredential? BasicAuthentication { get; init; }
}

public sealed record SiteUser(string Login, string Password, string Role);
