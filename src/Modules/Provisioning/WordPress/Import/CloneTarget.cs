using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Media;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Where a clone's content goes.</summary>
/// <param name="DatabaseConnectionString">For us; may create, drop and fill tables of that one database.</param>
/// <param name="DatabaseHostForPhp">As DB_HOST of wp-config.php: "localhost:/path/mysqld.sock" or "host:port".</param>
/// <param name="Root">Document root; wp-content lies in it.</param>
/// <param name="State">Folder outside of the document root in which the clone's plugin may write.</param>
/// <param name="CoreStore">Holds unpacked WordPress cores as <c>&lt;version&gt;/</c>, if there are any.</param>
/// <param name="Owner">Account that PHP runs under, where it is not ours.</param>
/// <param name="Media">Keeps the list of media that come later; null if all files come now.</param>
internal sealed record CloneTarget(
    JobId Job,
    string DatabaseConnectionString,
    string DatabaseHostForPhp,
    string DatabaseName,
    string DatabaseUser,
    DirectoryInfo Root,
    DirectoryInfo State,
    DirectoryInfo? CoreStore,
    Uri PublicUrl,
    FileOwner? Owner = null,
    MediaFolder? Media = null)
{
    /// <summary>Folder with the account of an import that is not complete, where possible one that the clone's PHP has no part in.</summary>
    internal DirectoryInfo Account { get; init; } = State;

    /// <summary>As WordPress writes addresses: without a slash at the end.</summary>
    internal string PublicAddress => PublicUrl.AbsoluteUri.TrimEnd('/');

    internal string ContentRoot => Path.Combine(Root.FullName, "wp-content");
}

internal sealed record FileOwner(uint UserId, uint GroupId);
