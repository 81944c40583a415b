using System.Globalization;
using CloneHub.Dev;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Dev.WordPress;
using CloneHub.Testing;

namespace CloneHub.Chaos.Restores;

/// <summary>
/// Brings a clone's content to its site and takes it back, again and again, and kills the service, the site's PHP or its database at one point of it after the other.
/// Whatever died, the site has its old content or the new one once all is back, and the job says which.
/// </summary>
internal sealed class RestoreRun : IAsyncDisposable
{
    public const int UsualRounds = 5;
    private static readonly TimeSpan PatienceWithSite = TimeSpan.FromMinutes(2);
    private readonly Leash _leash = new();
    private readonly TextWriter _output;
    private readonly List<Outcome> _outcomes = [];
    private ShakenSite _site = null!;
    private RestoreService _service = null!;
    private PrivateServers _servers = null!;
    private RestoreVisitor _visitor = null!;
    private Disturbance _disturbance = null!;
    private IReadOnlyList<(string Point, bool IsBack)> _points = [];

    private RestoreRun(TextWriter output) => _output = output;

    /// <returns>True if every kill left the site whole and was told truly.</returns>
    public static async Task<bool> RunAsync(int rounds, TextWriter output, CancellationToken ct)
    {
        await using var run = new RestoreRun(output);
        await run.SetUpAsync(ct);
        await run.LearnAsync(ct);
        try
        {
            for (var round = 1; round <= rounds; round++) await run.RoundAsync([.. KillPlan.Round(round, run._points)], ct);
        }
        catch (TimeoutException late)
        {
            // What comes after it would begin at a site that is not as it was.
            await output.WriteLineAsync($"FAILS  {late.Message}");
        }

        return await run.JudgeAsync(rounds * KillPlan.Points);
    }

    public async ValueTask DisposeAsync()
    {
        if (_visitor is not null) await _visitor.DisposeAsync();
        if (_service is not null) await _service.DisposeAsync();
        if (_site is not null) await _site.DisposeAsync();
        if (_servers is not null) await _servers.StopAsync(CancellationToken.None);
        _leash.Dispose();
    }

    private async Task SetUpAsync(CancellationToken ct)
    {
        var progress = new Progress<string>(Console.Error.WriteLine);
        var folder = Repository.Path("artifacts", "chaos", string.Create(CultureInfo.InvariantCulture, $"restore-{Environment.ProcessId}"));
        DirectoryInfo Cache(string name) => StateDirectory.Place(Repository.Path("artifacts", "test-cache", name), progress);
        var core = await WordPressCore.EnsureAsync(Cache("wordpress"), progress, ct);
        _servers = await ChaosRun.StartAsync(Path.Combine(folder, "servers"), ServerKinds.All, _leash, progress, ct);
        _site = await ShakenSite.OpenAsync(Path.Combine(folder, "site"), core, Cache("sites"), _leash, progress, ct);
        _service = await RestoreService.OpenAsync(_servers, core, _site.Site, ct);
    }

    /// <summary>There and back with nobody disturbed: what the site is then, and which points that comes by. The first time makes WordPress put its house in order.</summary>
    private async Task LearnAsync(CancellationToken ct)
    {
        await ReturnedAsync(await RestoredAsync(ct), ct);
        var old = await _site.ContentAsync(ct);
        var job = "";
        var there = await _site.Points.TraceAsync(async () => job = await RestoredAsync(ct), ct);
        var fresh = await _site.ContentAsync(ct);
        var back = await _site.Points.TraceAsync(() => ReturnedAsync(job, ct), ct);
        if (Disturbance.Difference(old, await _site.ContentAsync(ct)) is { } difference) throw new SetUpException($"Undisturbed, the site was not what it had been: {difference}");
        _visitor = new RestoreVisitor(_site);
        _disturbance = new Disturbance(_site, _service, _visitor) { Old = old, New = fresh };
        _points = KillPlan.Choose(there, back);
        await _output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"A restore comes by {there.Distinct().Count()} points, its way back by {back.Distinct().Count()}; {_points.Count} of them are taken."));
    }

    private async Task<string> RestoredAsync(CancellationToken ct)
    {
        var job = await _service.RestoreAsync(ct);
        var status = await _service.UntilAsync(job, RestoreService.IsOver, ct);
        return status.GetProperty("status").GetString() == "completed" ? job : throw new SetUpException($"Undisturbed, a restore failed: {status}");
    }

    private async Task ReturnedAsync(string job, CancellationToken ct)
    {
        await _service.RollBackAsync(job, ct);
        await _service.UntilAsync(job, RestoreService.IsReturned, ct);
        await CleanAsync(ct);
    }

    private Task CleanAsync(CancellationToken ct) => Eventually.Until("nothing of a restore is left at the site", async () => (await _site.LeftAsync(ct)).Count == 0, PatienceWithSite);

    /// <summary>Each restore is disturbed once on the way there, as long as there are such points, and once on the way back.</summary>
    private async Task RoundAsync(IReadOnlyList<Kill> kills, CancellationToken ct)
    {
        var (there, back) = (new Queue<Kill>(kills.Where(kill => !kill.IsBack)), new Queue<Kill>(kills.Where(kill => kill.IsBack)));
        while (there.Count + back.Count > 0)
        {
            there.TryDequeue(out var first);
            if (first is not null) await _disturbance.ArmAsync(first, ct);
            var job = await _service.RestoreAsync(ct);
            if (first is not null) await TellAsync(await _disturbance.RunAsync(first, job, ct));
            var status = await _service.UntilAsync(job, RestoreService.IsOver, ct);
            if (status.GetProperty("status").GetString() == "completed") await BackAsync(job, back, ct);
            await CleanAsync(ct);
        }
    }

    private async Task BackAsync(string job, Queue<Kill> kills, CancellationToken ct)
    {
        if (kills.TryDequeue(out var kill)) await _disturbance.ArmAsync(kill, ct);
        await _service.RollBackAsync(job, ct);
        if (kill is not null) await TellAsync(await _disturbance.RunAsync(kill, job, ct));
        await _service.UntilAsync(job, RestoreService.IsReturned, ct);
    }

    private async Task TellAsync(Outcome outcome)
    {
        _outcomes.Add(outcome);
        var (kill, said, fault, seconds) = outcome;
        await _output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{(fault is null ? "holds" : "FAILS")}  round {kill.Round}, point {kill.Number,2} {kill.Point}, {kill.Victim} killed: {said}, {seconds:0.0} s{(fault is null ? "" : $": {fault}")}"));
    }

    private async Task<bool> JudgeAsync(int planned)
    {
        foreach (var kind in _outcomes.GroupBy(outcome => outcome.Kill.Victim).OrderBy(kind => kind.Key))
            await _output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{kind.Key}: {kind.Count(outcome => outcome.Fault is null)} of {kind.Count()}, the longest {kind.Max(outcome => outcome.Seconds):0.0} s"));
        foreach (var wrong in _visitor.Wrong.Take(10)) await _output.WriteLineAsync($"FAILS  a visitor saw {wrong}");
        await _output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"While nobody was dead a visitor saw {_visitor.Old} old pages, {_visitor.New} new ones, {_visitor.Held} times that the site is being changed, and {_visitor.Wrong.Count} wrong ones."));
        var whole = _outcomes.Count(outcome => outcome.Fault is null);
        await _output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{whole} of {planned} wholly old or wholly new, and told truly"));
        return whole == planned && _visitor.Wrong.Count == 0;
    }
}
