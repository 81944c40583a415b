using System.Collections.Concurrent;
using System.Diagnostics;
using CloneHub.Dev.Servers;
using CloneHub.Testing;

namespace CloneHub.Host.Tests;

/// <summary>What a collector would be sent of one job, from the request to the removal.</summary>
[Trait("Needs", "servers")]
public sealed class OneTraceTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Whatever_is_done_for_a_job_belongs_to_the_trace_of_its_request()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("CloneHub.", StringComparison.Ordinal) || source.Name == "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = await RunningHost.StartAsync(fixture.Servers, port: Ports.Free());

        var first = await CloneAsync(host);
        var second = await CloneAsync(host);
        foreach (var job in (string[])[first, second])
        {
            await host.SendAsync(HttpMethod.Delete, $"/api/v2/jobs/{job}");
            await Eventually.Until("the removal is archived", () => Of(job).Exists(span => span.OperationName == "archive" && AfterRemoval(span, job)), Patience);
        }

        foreach (var job in (string[])[first, second])
        {
            var mine = Of(job);
            var trace = Assert.Single(mine.Select(span => span.TraceId).Distinct());
            var root = Assert.Single(spans, span => span.TraceId == trace && span.Parent is null && span.ParentId is null);
            Assert.Equal("/api/v2/clone", root.GetTagItem("url.path"));
            Assert.All(mine, span => Assert.Equal(root.SpanId, span.ParentSpanId));
            Assert.Superset(
                new HashSet<string>
                {
                    "job started.v1", "job ingress_ready.v1", "job cancel_requested.v1", "job removed.v1", "archive", "step CreateDatabase", "step StartPod",
                    "step ImportContent", "step ActivatePlugin", "step OpenIngress", "step Remove",
                },
                mine.Select(span => span.OperationName).ToHashSet());
            Assert.Contains(mine, span => span.OperationName == "archive" && Equals(span.GetTagItem("clonehub.archive.first"), 1L));
            Assert.Equal(["copy files", "copy tables", "farewell", "log in"], Parts(mine, "step ImportContent"));
            Assert.Equal(["verify"], Parts(mine, "step OpenIngress"));
            Assert.DoesNotContain(spans, span => Shows(span, fixture.Site.AdminPassword));
        }

        var figures = (await host.GetAsync("/metrics")).Text;
        Assert.All(
            (string[])["log in", "list files", "place files", "fetch files", "check files", "copy files", "check tables", "copy tables", "farewell", "verify"],
            part => Assert.Matches($$"""clonehub_part_duration_seconds_count\{[^}]*part="{{part}}"[^}]*\} ([2-9]|[1-9][0-9]+)\s""", figures));

        List<Activity> Of(string job) => [.. spans.Where(span => Equals(span.GetTagItem("clonehub.job"), job))];

        bool AfterRemoval(Activity archive, string job) =>
            Of(job).Find(span => span.OperationName == "job removed.v1") is { } removed && archive.StartTimeUtc >= removed.StartTimeUtc;

        IEnumerable<string> Parts(List<Activity> mine, string step)
        {
            var ids = mine.Where(span => span.OperationName == step).Select(span => span.SpanId).ToHashSet();
            return spans.Where(span => span.Source.Name == "CloneHub.Provisioning" && ids.Contains(span.ParentSpanId))
                .Select(span => span.OperationName).Distinct().Order(StringComparer.Ordinal);
        }
    }

    private static bool Shows(Activity span, string secret) =>
        span.TagObjects.Any(tag => tag.Value?.ToString()?.Contains(secret, StringComparison.Ordinal) == true) || span.StatusDescription?.Contains(secret, StringComparison.Ordinal) == true;

    private async Task<string> CloneAsync(RunningHost host)
    {
        var accepted = await host.PostAsync(new
        {
            source_url = fixture.Site.Url,
            source_username = fixture.Site.AdminUser,
            source_password = fixture.Site.AdminPassword,
        });
        Assert.Equal(202, accepted.Status);
        await host.EndsAsync(accepted["status_url"], "completed", Patience);
        return accepted["job_id"];
    }
}
