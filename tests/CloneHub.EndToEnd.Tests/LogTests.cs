using System.Net.Http.Json;
using System.Text.Json;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

/// <summary>The lines that a Host has printed, read as an operator's programs read them.</summary>
[Trait("Needs", "servers")]
public sealed class LogTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";

    /// <summary>Events of a job's course: persisted (1001 to 1004), attempts begun and ended (2001 to 2003).</summary>
    private static readonly int[] Course = [1001, 1002, 1003, 1004, 2001, 2002, 2003];

    [Fact]
    public async Task Every_line_about_a_job_names_it_and_its_trace_across_a_crash()
    {
        await using var host = await HostProcess.StartAsync(fixture.Servers, new Dictionary<string, string> { ["Logging__LogLevel__CloneHub"] = "Debug" });
        var api = new CloneApi(host);
        var other = await api.RequestAsync(fixture.Site);
        var job = await RequestTracedAsync(host);

        // The line of whoever does the work: the job's own comes a moment before it.
        await Eventually.Until(
            "content is being copied",
            () => Lines(host).Any(line => line.Has(2001) && line.Text.Contains(job, StringComparison.Ordinal) && line.Text.Contains("ImportContent", StringComparison.Ordinal)),
            CloneApi.Patience);
        await host.KillAsync();
        await host.StartAsync();
        foreach (var each in (string[])[job, other]) await api.WaitAsync(each, "completed");
        await api.RemoveAsync(job);
        await api.WaitUntilRemovedAsync(job);
        await Eventually.Until("the removal is told", () => Lines(host).Any(line => line.Has(2002) && line.Text.Contains("Remove", StringComparison.Ordinal)));

        var lines = Lines(host).Where(line => line.Category.StartsWith("CloneHub.", StringComparison.Ordinal) && line.Text.Contains(job, StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count > 30, $"Only {lines.Count} lines were read.");
        Assert.All(lines, line => Assert.True(line.Values("JobId").Contains(job), line.Text));
        var course = lines.Where(line => Course.Contains(line.EventId)).ToList();
        Assert.All(course, line => Assert.True(line.Values("TraceId").SequenceEqual([Trace]), line.Text));
        Assert.Equal(2, course.Count(line => line.Has(2001) && line.Text.Contains("ImportContent", StringComparison.Ordinal)));
        Assert.All((int[])[1001, 1002, 2001, 2002], id => Assert.Contains(course, line => line.Has(id)));

        // Nothing of another job's trace has got into it, nor the other way round.
        Assert.DoesNotContain(Lines(host), line => line.Values("JobId").Contains(other) && line.Values("TraceId").Contains(Trace));
    }

    private async Task<string> RequestTracedAsync(HostProcess host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("api/v2/clone", UriKind.Relative))
        {
            Content = JsonContent.Create(new { source_url = fixture.Site.Url, source_username = fixture.Site.AdminUser, source_password = fixture.Site.AdminPassword }),
        };
        request.Headers.Add("traceparent", $"00-{Trace}-b7ad6b7169203331-01");
        using var answer = await host.Client.SendAsync(request);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("job_id").GetString()!;
    }

    private static List<LogLine> Lines(HostProcess host) =>
        [.. host.Output.Split('\n').Where(line => line.StartsWith('{') && line.EndsWith('}')).Select(line => new LogLine(line, JsonElement.Parse(line)))];

    private sealed record LogLine(string Text, JsonElement Json)
    {
        public int EventId => Json.GetProperty(nameof(EventId)).GetInt32();

        public string Category => Json.GetProperty(nameof(Category)).GetString()!;

        public bool Has(int eventId) => EventId == eventId;

        /// <summary>What the line holds under a name, in its own fields or in those of a scope around it.</summary>
        public IReadOnlyList<string> Values(string name)
        {
            var holders = Json.TryGetProperty("Scopes", out var scopes) ? scopes.EnumerateArray() : default;
            return [.. holders.Append(Json.GetProperty("State"))
                .Where(holder => holder.ValueKind is JsonValueKind.Object)
                .Select(holder => holder.TryGetProperty(name, out var value) ? value.ToString() : null).OfType<string>().Distinct()];
        }
    }
}
