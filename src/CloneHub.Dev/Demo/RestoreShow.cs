using System.Net.Http.Json;
using System.Security;
using System.Text;
using System.Text.Json;
using CloneHub.Dev.Host;
using CloneHub.Dev.WordPress;

namespace CloneHub.Dev.Demo;

/// <summary>Somebody works in the clone; the site gets the work, and has its own content back when that is undone.</summary>
internal static class RestoreShow
{
    private const string Work = "Worked in the clone";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <returns>False if anything was not as it should be; that was said then.</returns>
    public static async Task<bool> RunAsync(CloneApi api, JobAnswer job, CloneAnswer clone, SourceSite site, Screen screen, CancellationToken ct)
    {
        using var client = LoopbackHttp.CreateClient();
        var posts = await client.GetFromJsonAsync<JsonElement>(new Uri(clone.CloneUrl, "?rest_route=/wp/v2/posts&per_page=1&_fields=id,title"), ct);
        var post = posts[0].GetProperty("id").GetInt32();
        var title = await TitleAsync(client, site.Url, post, ct);
        await EditAsync(client, clone, post, ct);
        screen.Report($"In the clone the post \"{title}\" is called \"{await TitleAsync(client, clone.CloneUrl, post, ct)}\" now.");

        var plan = await screen.FollowAsync(async show => await api.FollowAsync(await api.RestoreAsync(job, site, dryRun: true, ct), answer => answer.IsOver, show, Patience, ct));
        if (plan.Restore?.Plan is not { } planned)
            return Failed(screen, plan);
        screen.Report($"The plan: {planned.Tables.Count(table => !table.Stays)} tables come from the clone, and files: {planned.Files.Added + planned.Files.Changed}. Plugins stay the site's: {planned.Plugins.Count}.");
        foreach (var drift in planned.Drift.Where(drift => !drift.Stays))
            screen.Report($"The site has changed meanwhile, and this is overwritten: {drift.Kind} in {drift.Table}.");

        var restore = await screen.FollowAsync(async show => await api.FollowAsync(await api.RestoreAsync(job, site, dryRun: false, ct), answer => answer.IsOver, show, Patience, ct));
        if (restore.Status != "completed")
            return Failed(screen, restore);
        var restored = await TitleAsync(client, site.Url, post, ct) == Work;
        Tell(screen, restored, $"The site has the clone's work, after visitors were held for {restore.Restore?.HeldMilliseconds} ms.", "The site does not show the clone's work.");

        restore = await api.RollBackAsync(restore, ct);
        await api.FollowAsync(restore, answer => answer.Restore?.RolledBackAt is not null, _ => { }, Patience, ct);
        var undone = await TitleAsync(client, site.Url, post, ct) == title;
        Tell(screen, undone, $"Undone: the post is called \"{title}\" again.", "The site does not have its own content again.");
        return restored && undone;
    }

    /// <summary>As an editor's program does it.</summary>
    private static async Task EditAsync(HttpClient client, CloneAnswer clone, int post, CancellationToken ct)
    {
        string[] parameters =
        [
            "<int>1</int>", Text(clone.Username), Text(clone.Password), $"<int>{post}</int>", $"<struct><member><name>post_title</name><value>{Text(Work)}</value></member></struct>",
        ];
        var call = $"<?xml version=\"1.0\"?><methodCall><methodName>wp.editPost</methodName><params>{string.Concat(parameters.Select(value => $"<param><value>{value}</value></param>"))}</params></methodCall>";
        using var content = new StringContent(call, Encoding.UTF8, "text/xml");
        using var answer = await client.PostAsync(new Uri(clone.CloneUrl, "xmlrpc.php"), content, ct);
        var said = await answer.Content.ReadAsStringAsync(ct);
        if (!answer.IsSuccessStatusCode || said.Contains("<fault>", StringComparison.Ordinal))
            throw new SetUpException($"The post could not be edited in the clone ({(int)answer.StatusCode}):\n{said}");
    }

    private static string Text(string value) => $"<string>{SecurityElement.Escape(value)}</string>";

    private static async Task<string> TitleAsync(HttpClient client, Uri site, int post, CancellationToken ct) =>
        (await client.GetFromJsonAsync<JsonElement>(new Uri(site, $"?rest_route=/wp/v2/posts/{post}&_fields=title"), ct)).GetProperty("title").GetProperty("rendered").GetString()!;

    private static void Tell(Screen screen, bool isRight, string success, string trouble)
    {
        if (isRight)
            screen.Success(success);
        else
            screen.Trouble(trouble);
    }

    private static bool Failed(Screen screen, JobAnswer job)
    {
        screen.Trouble(job.Error is { } error ? $"{error.Code} in {error.Step}: {error.Message} {error.Hint}" : $"The restore is {job.Status}: {job.Message}");
        return false;
    }
}
