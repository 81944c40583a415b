using System.Globalization;
using System.Net;
using System.Text.Json;
using CloneHub.Testing;

namespace CloneHub.Chaos.Restores;

/// <summary>One kill: waits until the point is reached, ends the victim, brings it back, and looks what has become of job and site.</summary>
internal sealed class Disturbance(ShakenSite site, RestoreService service, RestoreVisitor visitor)
{
    private static readonly TimeSpan PatienceWithPoint = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan PatienceWithSite = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(500);

    /// <summary>The content that the site had before, and that it has when the clone's is there.</summary>
    public required IReadOnlyDictionary<string, string> Old { get; init; }

    public required IReadOnlyDictionary<string, string> New { get; init; }

    /// <summary>To be said before the job is asked for that comes to the point.</summary>
    public Task ArmAsync(Kill kill, CancellationToken ct) => site.Points.ArmAsync(kill.Point, kill.Victim is Victim.Request, ct);

    /// <param name="job">It was asked to go there, or back.</param>
    public async Task<Outcome> RunAsync(Kill kill, string job, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        if (!await IsReachedAsync(kill, job, ct)) return Told("", "its point was not come to");
        JsonElement status;
        using (visitor.LookAway())
        {
            await EndAsync(kill.Victim, ct);
            site.Points.Release();
            await BringBackAsync(kill.Victim, ct);
            status = await service.UntilAsync(job, kill.IsBack ? RestoreService.IsReturned : RestoreService.IsOver, ct);
            await Eventually.Until("the site serves again", async () => await site.VisitAsync(ct) is { Status: HttpStatusCode.OK }, PatienceWithSite);
        }

        site.Points.Disarm();
        return Told(SaidBy(status), await FaultAsync(kill, status, ct));

        Outcome Told(string said, string? fault) => new(kill, said, fault, TimeProvider.System.GetElapsedTime(started).TotalSeconds);
    }

    /// <returns>The first thing in which they differ; null if there is none.</returns>
    public static string? Difference(IReadOnlyDictionary<string, string> expected, IReadOnlyDictionary<string, string> actual)
    {
        var name = expected.Keys.Union(actual.Keys).FirstOrDefault(key => expected.GetValueOrDefault(key) != actual.GetValueOrDefault(key));
        return name is null ? null : $"{name}: {expected.GetValueOrDefault(name) ?? "nothing"} became {actual.GetValueOrDefault(name) ?? "nothing"}";
    }

    private async Task<bool> IsReachedAsync(Kill kill, string job, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        var asked = started;
        while (!site.Points.IsReached)
        {
            await Task.Delay(BetweenLooks, TimeProvider.System, ct);
            if (TimeProvider.System.GetElapsedTime(started) > PatienceWithPoint) return false;
            if (TimeProvider.System.GetElapsedTime(asked) < BetweenQuestions) continue;
            asked = TimeProvider.System.GetTimestamp();
            if (await IsPastAsync(kill, job, ct)) return site.Points.IsReached;
        }

        return true;
    }

    /// <summary>What is left of a restore is removed after the site has its old content again.</summary>
    private async Task<bool> IsPastAsync(Kill kill, string job, CancellationToken ct) =>
        kill.IsBack ? (await site.LeftAsync(ct)).Count == 0 : await service.StatusAsync(job, ct) is { } status && RestoreService.IsOver(status);

    private Task EndAsync(Victim victim, CancellationToken ct) => victim switch
    {
        Victim.Service => service.KillAsync(),
        Victim.Php => site.KillPhpAsync(ct),
        Victim.Database => site.KillDatabaseAsync(ct),
        _ => Task.CompletedTask,
    };

    private Task BringBackAsync(Victim victim, CancellationToken ct) => victim switch
    {
        Victim.Service => service.StartAsync(),
        Victim.Php => site.StartPhpAsync(ct),
        Victim.Database => site.StartDatabaseAsync(ct),
        _ => Task.CompletedTask,
    };

    /// <summary>The site has what the job says, as a whole.</summary>
    private async Task<string?> FaultAsync(Kill kill, JsonElement status, CancellationToken ct)
    {
        var isNew = !kill.IsBack && status.GetProperty("status").GetString() == "completed";
        if (kill.IsBack && !status.GetProperty("restore").TryGetProperty("rolled_back_at", out _)) return $"it was not undone: {status}";
        if (status.TryGetProperty("error", out var error) && error.GetProperty("code").GetString() == "ROLLBACK_FAILED") return $"nobody knows what the site has: {error}";
        if (site.IsHeld) return "visitors are still held";
        return Difference(isNew ? New : Old, await site.ContentAsync(ct)) is { } difference ? $"the site is not wholly {(isNew ? "new" : "old")}: {difference}" : null;
    }

    private static string SaidBy(JsonElement status)
    {
        var restore = status.GetProperty("restore");
        if (restore.TryGetProperty("rolled_back_at", out _)) return "undone";
        var error = status.TryGetProperty("error", out var fault) ? $" ({fault.GetProperty("code").GetString()})" : "";
        var held = restore.TryGetProperty("held_milliseconds", out var milliseconds) ? string.Create(CultureInfo.InvariantCulture, $", held {milliseconds.GetInt64()} ms") : "";
        return $"{status.GetProperty("status").GetString()}{error}{held}";
    }
}
