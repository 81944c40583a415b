using CloneHub.Contracts;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>
/// Makes a clone of what a site publishes: a WordPress of its own, filled with what the public API, the home page and the media files hold.
/// May be stopped anywhere and run again: tables start over, files that are complete stay.
/// </summary>
internal sealed class PublicImporter(
    PublicSource source, CloneTarget target, CloneDoor clone, IProgress<ContentProgress> report, Func<CancellationToken, Task> ensureFence, TimeProvider clock)
{
    private const int MostFiles = 200_000;

    /// <summary>Of a library that is held in memory: many times what a large site has.</summary>
    private const long MostLetters = 32L << 20;

    private readonly ImportWarnings _warnings = new();
    private readonly ImportProgress _progress = new(report);

    internal async Task<ContentReport> ImportAsync(CloneKeys keys, CancellationToken cancellation)
    {
        try
        {
            return await RunAsync(keys, cancellation);
        }
        catch (IOException fault) when (FileImport.IsDiskFull(fault))
        {
            throw ImportFault.DiskFull(fault);
        }
        catch (MySqlException fault) when (!MariaDbFaults.IsOurs(fault))
        {
            throw ImportFault.Database(fault);
        }
    }

    private async Task<ContentReport> RunAsync(CloneKeys keys, CancellationToken cancellation)
    {
        _progress.Expect(source.Posts + source.Pages);
        var reader = new CollectionReader(source.Api, _warnings, _progress, ensureFence);
        var library = await LibraryAsync(reader, cancellation);
        var uploads = MediaFiles.BaseOf(library);
        var tree = FreshTree.Of(target);
        await ensureFence(cancellation);
        await Task.Run(tree.Place, cancellation);
        var media = library.SelectMany(item => uploads is null ? [] : MediaFiles.Of(item, uploads).Select(file => file.File)).DistinctBy(file => file.Relative).Take(MostFiles).ToList();
        if (media.Count == MostFiles) _warnings.Add($"The site has more files of media than a public clone holds; the first {MostFiles} were copied.");
        _progress.Expect(media.Count);
        var present = await new MediaDownload(source.Http, source.Facts.Home, target, _warnings, _progress, ensureFence, clock).RunAsync(media, cancellation);

        var facts = Facts(tree.Version, uploads);
        var rewriter = new ContentRewriter(SiteAddresses.Map(facts, target));
        await using var database = ImportSession.Connect(target, loads: false);
        await using var connection = await ImportSession.OpenAsync(database, cancellation);
        await ensureFence(cancellation);
        await new FreshSite(target, clone).InstallAsync(facts, keys, rewriter, _warnings, connection, cancellation);
        var tables = new ContentTables(connection, cancellation);
        var content = new ContentCopy(reader, tables, new PublicText(rewriter), _warnings, source.Facts.Home, target.PublicAddress);
        await FillAsync(content, tables, tree.Theme, library, uploads, present, cancellation);
        await ensureFence(cancellation);
        await new DatabaseFixes(database, target, facts, _warnings).RunAsync(cursors: null, cancellation);
        await new CloneCounts(clone, tables, target).VerifyAsync(cancellation);
        await new OtherTypes(source.Api, _warnings).NameAsync(cancellation);
        Explain(tree.Theme);
        return new ContentReport(await CountAsync(tables, tree, media, present, cancellation), _warnings.ToList());
    }

    private async Task<IReadOnlyList<MediaItem>> LibraryAsync(CollectionReader reader, CancellationToken cancellation)
    {
        var library = new List<MediaItem>();
        var letters = 0L;
        var left = 0;
        await reader.TryAsync("media library", () => reader.ReadAsync(
            CollectionReader.Media, ContentCopy.MediaFields, "the list of media",
            () =>
            {
                library.Clear();
                (letters, left) = (0, 0);
                return Task.CompletedTask;
            },
            items =>
            {
                foreach (var item in items.Select(MediaItem.Of))
                {
                    if ((letters += item.Letters) <= MostLetters) library.Add(item);
                    else left++;
                }

                return Task.CompletedTask;
            },
            cancellation));
        if (left > 0) _warnings.Add($"The list of media is larger than a public clone holds; {left} of them are missing.");
        return library;
    }

    private async Task FillAsync(
        ContentCopy content, ContentTables tables, string theme, IReadOnlyList<MediaItem> library, Uri? uploads, IReadOnlyDictionary<string, long> present,
        CancellationToken cancellation)
    {
        await tables.EmptyAsync();
        await content.AuthorsAsync(cancellation);
        await content.TermsAsync(cancellation);
        await content.MediaAsync(library, uploads, present);
        await content.PostsAsync(cancellation);
        await content.CommentsAsync(cancellation);
        await content.NamelessAuthorsAsync();
        var menus = HomePageMenus.Of(source.HomePage, source.Facts.Home);
        if (menus.Count > 0) _warnings.Add("Menus are not public: the clone's are made from the navigation of the home page.");
        else if (await content.PagesAsMenuAsync() is { Count: > 0 } pages)
        {
            _warnings.Add("The home page shows no menu: the clone's is made of its pages.");
            menus = [pages];
        }

        await ensureFence(cancellation);
        var terms = await content.MenusAsync(menus);
        await new SiteSettings(tables, content, source, _warnings).WriteAsync(theme, terms, target.PublicUrl.Host, cancellation);
        await content.CountAsync();
    }

    private void Explain(string theme)
    {
        _warnings.Add("Without credentials only what the site publishes was copied: no drafts, pingbacks, users, plugins, widgets or settings.");
        _warnings.Add($"The site's theme is not public: the clone wears {theme}, which comes with WordPress.");
        _warnings.Add("Blocks and shortcodes are not public: pages and posts hold the HTML that they had become.");
    }

    /// <summary>Files are held against what was placed; rows are counted where they lie now.</summary>
    private async Task<ContentFacts> CountAsync(
        ContentTables tables, FreshTree tree, IReadOnlyList<MediaFile> media, IReadOnlyDictionary<string, long> present, CancellationToken cancellation)
    {
        var files = new FileTree(target);
        var kept = media.Where(file => present.ContainsKey(file.Relative)).Select(file => MediaDownload.Planned(file, present[file.Relative]));
        PlannedFile[] plan = [.. tree.Plan, .. kept];
        await ensureFence(cancellation);
        files.RemoveExtras(plan);
        files.Own();
        var placed = plan.Select(file => KeyValuePair.Create(file.Place, new CopiedFile(file.Source.Size, file.Source.Md5, file.Source.Md5)));
        var proof = await files.VerifyAsync(new(placed, StringComparer.Ordinal), [], cancellation);
        var rows = 0L;
        var names = await tables.NamesAsync();
        foreach (var name in names) rows += await tables.CountAsync(name);
        return new ContentFacts(names.Count, rows, proof.Files, proof.Bytes);
    }

    /// <summary>What an import must know of a source; what only an administrator could tell is as in every WordPress.</summary>
    private SourceFacts Facts(string version, Uri? uploads)
    {
        var (home, url) = (source.Facts.Home.AbsoluteUri.TrimEnd('/'), source.Facts.Url.AbsoluteUri.TrimEnd('/'));
        return new SourceFacts
        {
            WordPressVersion = version,
            PhpVersion = "",
            DatabaseVersion = "",
            TablePrefix = FreshSite.TablePrefix,
            SiteUrl = url,
            HomeUrl = home,
            AbsolutePath = "",
            ContentDirectory = "",
            ContentUrl = $"{url}/wp-content",
            UploadsDirectory = "",
            UploadsUrl = uploads?.AbsoluteUri.TrimEnd('/') ?? $"{url}/wp-content/uploads",
            PluginsDirectory = "",
            PluginsUrl = $"{url}/wp-content/plugins",
            MustUsePluginsDirectory = "",
            Stylesheet = "",
            Template = "",
            Locale = "",
            ConnectorVersion = "",
        };
    }
}
