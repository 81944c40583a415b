using CloneHub.Dev.Host;
using CloneHub.Dev.Processes;
using CloneHub.Dev.Servers;
using CloneHub.Testing;
using Npgsql;

namespace CloneHub.Chaos;

/// <summary>What is read of the event log: reports and the status of each job. Built anew they must say the same.</summary>
internal sealed class Views(NodeProcess node, PrivateServers servers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly string[] Reports = ["clones?group_by=day,customer&format=csv", "failures?format=csv", "step-durations?format=csv", "queue-wait?format=csv"];

    public async Task<IReadOnlyList<string>> ThatDifferAsync(CancellationToken ct)
    {
        await UntilAllIsCountedAsync(ct);
        var before = await ReadAsync(ct);
        await RebuildAsync(ct);
        await UntilAllIsCountedAsync(ct);
        var after = await ReadAsync(ct);
        return [.. before.Keys.Union(after.Keys).Where(view => before.GetValueOrDefault(view) != after.GetValueOrDefault(view))
            .Select(view => $"{view}: {before.GetValueOrDefault(view)} became {after.GetValueOrDefault(view)}")];
    }

    /// <summary>The node may have ended by itself after the storm, and be on its way back.</summary>
    private async Task<string> ReportAsync(string report, CancellationToken ct)
    {
        var text = "";
        await Eventually.Until($"the report {report} is answered", async () =>
        {
            try
            {
                text = await node.Client.GetStringAsync(new Uri($"api/v2/reports/{report}", UriKind.Relative), ct);
                return true;
            }
            catch (HttpRequestException e) when (e.StatusCode is null or System.Net.HttpStatusCode.ServiceUnavailable)
            {
                return false;
            }
        }, Patience);
        return text;
    }

    private Task<string> RebuildAsync(CancellationToken ct) => Command.RunAsync(
        "sh",
        ["-c", ". \"$1\"; cd \"$2\"; exec dotnet \"$3\" projections rebuild", "sh", node.Environment, servers.State.FullName, HostSettings.Program()],
        ct);

    private async Task UntilAllIsCountedAsync(CancellationToken ct)
    {
        await using var database = NpgsqlDataSource.Create(servers.PostgreSqlConnectionString);
        await Eventually.Until("the reports have counted the whole event log", async () =>
        {
            await using var command = database.CreateCommand(
                "select (select coalesce(max(seq_id), 0) from clonehub.mt_events) - coalesce((select min(last_seq_id) from clonehub.mt_event_progression where name = 'Reports:All'), 0)");
            return (long)(await command.ExecuteScalarAsync(ct))! <= 0;
        }, Patience);
    }

    private async Task<Dictionary<string, string>> ReadAsync(CancellationToken ct)
    {
        var views = new Dictionary<string, string>();
        foreach (var report in Reports) views[report] = await ReportAsync(report, ct);
        await using var database = NpgsqlDataSource.Create(servers.PostgreSqlConnectionString);
        await using var command = database.CreateCommand("select id, data::text from clonehub.mt_doc_job_status");
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) views[reader.GetString(0)] = reader.GetString(1);
        return views;
    }
}
