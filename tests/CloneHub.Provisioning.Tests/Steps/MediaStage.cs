using System.Net;
using CloneHub.Contracts;
using CloneHub.Dev.WordPress;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Tests.FrontDoor;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Testing;
using Microsoft.AspNetCore.Builder;

namespace CloneHub.Provisioning.Tests.Steps;

/// <summary>A real site with pictures, and a clone of it that serves without them. The site notes which files it is asked for, and can be made to wait before it sends any.</summary>
internal sealed class MediaStage : IAsyncDisposable
{
    public const int Pictures = 40;

    private const string Uploads = "wp-content/uploads/2026/01";

    /// <summary>Name of one more.</summary>
    public const string Odd = "Bild ä 100%41 + 😀.JPG";

    private const string Gate = """
        <?php
        if (($_SERVER['HTTP_X_CLONEHUB_OP'] ?? '') === 'get') {
            file_put_contents(WP_CONTENT_DIR . '/cache/asked', file_get_contents('php://input') . "\n", FILE_APPEND);
            while (file_exists(WP_CONTENT_DIR . '/cache/wait')) { usleep(20000); clearstatcache(); }
        }
        """;

    private static readonly CloneStep[] UntilItServes =
        [CloneStep.CreateDatabase, CloneStep.StartPod, CloneStep.ImportContent, CloneStep.ActivatePlugin, CloneStep.OpenIngress];

    private WebApplication? _door;
    private int _fence;

    private MediaStage(SourceSite site, LocalStage local) => (Site, Local) = (site, local);

    public SourceSite Site { get; }

    public LocalStage Local { get; }

    public CloneOrder Order { get; private set; } = null!;

    /// <summary>Media that the clone was handed over without.</summary>
    public long Total { get; private set; }

    public static async Task<MediaStage> OpenAsync(ServersFixture servers)
    {
        var site = await servers.StartSiteAsync(new SourceSiteOptions { Name = ServersFixture.Unique("m"), MuPlugin = Gate });
        var stage = new MediaStage(site, await LocalStage.OpenAsync(servers));
        await site.RunPhpAsync(
            $"wp_mkdir_p(WP_CONTENT_DIR . '/cache'); wp_mkdir_p(ABSPATH . '{Uploads}'); for ($n = 0; $n < {Pictures}; $n++) {{ $f = ABSPATH . \"{Uploads}/picture-$n.jpg\"; file_put_contents($f, str_repeat(\"picture $n \", 5000)); touch($f, 1700000000 + $n); }} "
            + $"file_put_contents(ABSPATH . '{Uploads}/{Odd}', 'odd'); file_put_contents(ABSPATH . '{Uploads}/generated.css', 'a{{}}'); file_put_contents(ABSPATH . '{Uploads}/settings.php', '<?php');", default);
        stage.Local.Secrets = stage.Local.Secrets with { SourceUsername = site.AdminUser, SourcePassword = new Secret(site.AdminPassword) };
        stage.Order = stage.Local.NewOrder(site.Url) with { Media = CloneMedia.OnDemand };
        stage._door = await PublicDoor.OpenAsync(stage.Local);
        foreach (var step in UntilItServes)
        {
            var facts = await stage.RunAsync(step);
            if (step is CloneStep.ImportContent) stage.Total = facts.Awaited!.Files;
        }

        // The log-in at the source is forgotten when a clone serves.
        stage.Local.Secrets = stage.Local.Secrets with { SourceUsername = "", SourcePassword = new Secret("") };
        return stage;
    }

    public static string Place(int picture) => $"{Uploads}/picture-{picture}.jpg";

    public static string Content(int picture) => string.Concat(Enumerable.Repeat($"picture {picture} ", 5000));

    public string PathOf(int picture) => Path.Combine(Local.PathsOf(Order).Www, Place(picture));

    public async Task<StepFacts> RunAsync(CloneStep step, bool givesUp = false, CancellationToken cancellation = default) => await Local.Steps.Single(each => each.Kind == step)
        .RunAsync(Order.Token(step, ++_fence), Order with { GivesMediaUp = givesUp }, new Progress<ContentProgress>(), cancellation);

    public Task<(HttpStatusCode Status, string Text)> GetAsync(int picture) => GetAsync(Place(picture));

    public Task<(HttpStatusCode Status, string Text)> GetOddAsync() => GetAsync($"{Uploads}/{Uri.EscapeDataString(Odd)}");

    public async Task<(HttpStatusCode Status, string Text)> GetAsync(string path)
    {
        using var answer = await Local.Get<PublicRoute>().Http.GetAsync(new Uri($"http://{Order.Job}.localhost:{Local.Port}/{path}"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>How often the source was asked for it.</summary>
    public int AsksFor(int picture) => File.Exists(Asked) ? File.ReadAllText(Asked).Split($"/picture-{picture}.jpg").Length - 1 : 0;

    public void LetSourceWait() => File.WriteAllText(Wait, "");

    public void LetSourceGoOn() => File.Delete(Wait);

    /// <summary>A new program over what the old one left, as after a crash.</summary>
    public async Task RestartAsync()
    {
        await _door!.DisposeAsync();
        await Local.RestartAsync();
        _door = await PublicDoor.OpenAsync(Local);
    }

    public IReadOnlyList<string> Connectors() =>
        [.. new DirectoryInfo(Path.Combine(Site.Root.FullName, "wp-content/plugins")).EnumerateDirectories("clonehub-*").Select(folder => folder.Name)];

    private string Asked => Path.Combine(Site.Root.FullName, "wp-content/cache/asked");

    private string Wait => Path.Combine(Site.Root.FullName, "wp-content/cache/wait");

    public async ValueTask DisposeAsync()
    {
        LetSourceGoOn();
        if (_door is not null) await _door.DisposeAsync();
        await Local.DisposeAsync();
        await Site.DisposeAsync();
    }
}
