namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>Authors, categories and tags: what posts refer to.</summary>
internal sealed partial class ContentCopy
{
    private readonly Dictionary<long, string> _authors = [];
    private readonly HashSet<long> _terms = [];
    private readonly Dictionary<(string Taxonomy, long Term), long> _taxonomies = [];
    private readonly Dictionary<long, (string Slug, long Parent)> _categories = [];
    private readonly List<(string Path, string Slug)> _tagAddresses = [];
    private readonly List<(string Path, string Slug)> _categoryAddresses = [];

    /// <summary>The option "category_base" or "tag_base" as the site has it.</summary>
    internal string CategoryBase => Permalinks.BaseOf(_categoryAddresses, "category") ?? "";

    internal string TagBase => Permalinks.BaseOf(_tagAddresses, "tag") ?? "";

    internal long DefaultCategory => _categories.Count == 0 ? 0 : _categories.Keys.Min();

    internal async Task TermsAsync(CancellationToken cancellation)
    {
        await reader.TryAsync("categories", () => ReadTermsAsync("categories", "category", cancellation));
        await reader.TryAsync("tags", () => ReadTermsAsync("tags", "post_tag", cancellation));
    }

    /// <summary>Those who published something. They get a name and no password: nobody logs in as one of them.</summary>
    internal Task AuthorsAsync(CancellationToken cancellation) => reader.TryAsync("authors' names", () => reader.ReadAsync(
        "wp/v2/users", "_fields=id,name,slug,url,description", "authors", ClearAuthorsAsync,
        async users =>
        {
            foreach (var user in users) _authors[user.Id] = PublicText.Slug(user.Text("slug"));
            await AddUsersAsync([.. users.Select(user => (user.Id, user.Text("slug"), user.Text("name"), user.Text("url"), user.Text("description")))]);
        },
        cancellation));

    /// <summary>Authors whom the site does not show: their posts must belong to somebody.</summary>
    internal async Task NamelessAuthorsAsync()
    {
        var missing = await tables.NumbersAsync(
            $"SELECT DISTINCT post_author FROM {ContentTables.Name("posts")} WHERE post_author > 0 AND post_author NOT IN (SELECT ID FROM {ContentTables.Name("users")})");
        if (missing.Count == 0) return;
        warnings.Add("The site does not publish the names of all authors; they are called by number.");
        await AddUsersAsync([.. missing.Select(id => (id, $"author-{id}", $"Author {id}", "", ""))]);
    }

    private async Task ClearAuthorsAsync()
    {
        _authors.Clear();
        await tables.RunAsync($"DELETE FROM {ContentTables.Name("users")}");
        await tables.RunAsync($"DELETE FROM {ContentTables.Name("usermeta")}");
    }

    private async Task AddUsersAsync(IReadOnlyList<(long Id, string Slug, string Name, string Url, string Description)> users)
    {
        // "!" is the hash of no password.
        await tables.InsertAsync(
            "users", "ID, user_login, user_pass, user_nicename, user_email, user_url, user_registered, user_activation_key, user_status, display_name",
            [.. users.Select(user => new object?[]
            {
                user.Id, Shortened(user.Slug, 60), "!", Shortened(user.Slug, 50), "", Shortened(text.Rewritten(user.Url), 100), "2000-01-01 00:00:00", "", 0, text.Title(user.Name),
            })]);
        var role = PhpSerialized.Of(new (object, object?)[] { ("author", true) });
        await tables.InsertAsync(
            "usermeta", "user_id, meta_key, meta_value",
            [.. users.SelectMany(user => new object?[][]
            {
                [user.Id, FreshSite.TablePrefix + "capabilities", role], [user.Id, FreshSite.TablePrefix + "user_level", "2"],
                [user.Id, "nickname", text.Title(user.Name)], [user.Id, "description", text.Rewritten(user.Description)],
            })]);
    }

    private Task<int> ReadTermsAsync(string route, string taxonomy, CancellationToken cancellation) => reader.ReadAsync(
        $"wp/v2/{route}", "_fields=id,name,slug,description,parent,link", route, () => Task.CompletedTask,
        async terms =>
        {
            await AddTermsAsync(taxonomy, [.. terms.Where(term => !_taxonomies.ContainsKey((taxonomy, term.Id)))]);
            foreach (var term in terms) NoteTerm(term, taxonomy);
        },
        cancellation);

    private async Task AddTermsAsync(string taxonomy, IReadOnlyList<RestItem> terms)
    {
        await tables.InsertAsync(
            "terms", "term_id, name, slug, term_group",
            [.. terms.Where(term => _terms.Add(term.Id)).Select(term => new object?[] { term.Id, Shortened(text.Title(term.Text("name")), 200), PublicText.Slug(term.Text("slug")), 0 })]);
        foreach (var term in terms) _taxonomies[(taxonomy, term.Id)] = _taxonomies.Count + 1;
        await tables.InsertAsync(
            "term_taxonomy", "term_taxonomy_id, term_id, taxonomy, description, parent, count",
            [.. terms.Select(term => new object?[] { _taxonomies[(taxonomy, term.Id)], term.Id, taxonomy, text.Rewritten(term.Text("description")), term.Number("parent"), 0 })]);
    }

    private void NoteTerm(RestItem term, string taxonomy)
    {
        Know(term.Text("link"), "taxonomy", taxonomy, term.Id);
        if (taxonomy == "category") _categories[term.Id] = (PublicText.Slug(term.Text("slug")), term.Number("parent"));
        if (PublicText.PathBelow(home, term.Text("link")) is not { } path || term.Number("parent") != 0) return;
        var addresses = taxonomy == "category" ? _categoryAddresses : _tagAddresses;
        if (path.Length <= LongestPath && addresses.Count < MostAddresses) addresses.Add((path, PublicText.Slug(term.Text("slug"))));
    }

    private static string Shortened(string value, int length) => PublicText.Cut(value, length);
}
