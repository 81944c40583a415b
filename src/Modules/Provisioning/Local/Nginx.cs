using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Local;

/// <summary>The one nginx in front of all clones' PHP. It is its own daemon and is taken over when it answers with the hash of its configuration.</summary>
internal sealed partial class Nginx(LocalLayout layout, NginxClient client, IOptions<LocalOptions> options, TimeProvider clock, ILogger<Nginx> logger)
    : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>It answers from memory: one that takes longer is frozen, and is replaced.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _gate = new(1);

    /// <summary>An nginx with the current configuration answers.</summary>
    public async Task EnsureAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            using var machine = await MachineLock.TakeAsync(layout, "nginx", clock, cancellation);
            var template = NginxConfig.Of(layout);
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(template)));

            // One whose socket was removed still answers on connections of before, and takes no new ones.
            var isThere = File.Exists(layout.NginxSocket) && Posix.ProcessOf(layout.NginxPid, layout.NginxConfig) is not null;
            if (isThere && await WhoAnswersAsync(cancellation) == hash) return;
            await StopAsync(cancellation);
            await StartAsync(template.Replace(NginxConfig.HashPlaceholder, hash, StringComparison.Ordinal), cancellation);
            if (await WhoAnswersAsync(cancellation) != hash) throw new IOException("nginx was started and does not answer.");
            Log.Started(logger);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Stops nginx. Clones are not served until it is ensured again.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        foreach (var process in Processes()) Posix.Signal(process, Posix.Terminate);
        var started = clock.GetTimestamp();
        while (Processes() is { Count: > 0 } left)
        {
            if (clock.GetElapsedTime(started) > Grace)
            {
                foreach (var process in left) Posix.Signal(process, Posix.Kill);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), clock, cancellation);
        }

        // nginx refuses to bind to the file that a killed predecessor left.
        if (File.Exists(layout.NginxSocket)) File.Delete(layout.NginxSocket);
        if (File.Exists(layout.NginxPid)) File.Delete(layout.NginxPid);
    }

    public void Dispose() => _gate.Dispose();

    private async Task StartAsync(string config, CancellationToken cancellation)
    {
        Directory.CreateDirectory(layout.NginxFolder);
        await File.WriteAllTextAsync(layout.NginxConfig, config, cancellation);
        await Posix.RunAsync(
            options.Value.Nginx, ["-p", layout.NginxFolder, "-e", Path.Combine(layout.NginxFolder, "error.log"), "-c", layout.NginxConfig], cancellation,
            layout.NginxFolder);
    }

    // Workers of a killed master go on listening and do not name their configuration; the folder they were started in does.
    private List<int> Processes() =>
        [.. Posix.ProcessIds().Where(id =>
            Posix.CommandLineOf(id)?.StartsWith("nginx: ", StringComparison.Ordinal) == true && Posix.WorkingDirectoryOf(id) == layout.NginxFolder)];

    private async Task<string?> WhoAnswersAsync(CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            using var answer = await client.Http.GetAsync(new Uri($"http://nginx{NginxConfig.WhoPath}"), either.Token);
            return answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadAsStringAsync(either.Token) : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // Nobody listens, or listens only: that is the answer.
            return null;
        }
    }
}
