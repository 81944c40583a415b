using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Dev.Servers;
using CloneHub.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CloneHub.Host.Tests;

/// <summary>The dashboard, the alerts and the runbook against a Host that has seen success, failure, cancelling and expiry.</summary>
[Trait("Needs", "servers")]
public sealed partial class MonitoringTests(SourceSiteFixture fixture) : IClassFixture<SourceSiteFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private const string OfPrometheusItself = "up";

    private static readonly string[] RareOnes = ["clonehub_clones_existing", "clonehub_php_pools", "clonehub_jobs_live", "clonehub_health_status", "clonehub_callback_age_seconds_count"];

    [Fact]
    public async Task Whatever_the_dashboard_and_the_alerts_ask_for_is_shown()
    {
        var clock = new ForwardClock();
        await using var host = await RunningHost.StartAsync(
            fixture.Servers, new Dictionary<string, string> { ["CloneHub:Cleanup:SweepInterval"] = "00:00:01" },
            services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock)), Ports.Free());
        await using var owner = await CallbackReceiver.StartAsync();
        var served = await StateAsync(host, fixture.Site.AdminPassword, "completed", owner.Url);
        await StateAsync(host, "wrong", "failed");
        await owner.ReceivedAsync(1, Patience);
        clock.Advance(TimeSpan.FromMinutes(31));
        await Eventually.Until("the clone is removed", async () => (await host.GetAsync($"/api/v2/job-status/{served}")).Text.Contains("removed_at", StringComparison.Ordinal), Patience);

        var asked = Monitoring.Expressions().SelectMany(Monitoring.Names).Distinct().Except([OfPrometheusItself]).ToList();
        Assert.True(asked.Count > 30, $"Only {asked.Count} names were found.");
        await Eventually.Until("what is looked at now and then was", async () => await ShowsAsync(host, RareOnes), Patience);

        var scrape = await host.GetAsync(Telemetry.Metrics);
        Assert.Empty(asked.Except(Shown(scrape.Text)));
        Assert.StartsWith("text/plain", scrape.ContentHeaders.ContentType!.ToString(), StringComparison.Ordinal);
        Assert.Contains("clonehub_jobs_failed_total{", scrape.Text, StringComparison.Ordinal);
        Assert.Matches("""clonehub_jobs_failed_total\{[^}]*code="LOGIN_FAILED"[^}]*step="ImportContent"[^}]*\} [1-9]""", scrape.Text);
        Assert.Matches("""http_server_request_duration_seconds_count\{[^}]*http_route="/api/v2/clone"[^}]*\} """, scrape.Text);
        foreach (var tenantsOwn in (string[])[served, fixture.Site.Url.Authority, fixture.Site.AdminUser, "\"local\""])
            Assert.DoesNotContain(tenantsOwn, scrape.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_nobody_shows_is_found()
    {
        const string Expression = """histogram_quantile(0.95, sum by (le, step) (rate(no_such_seconds_bucket{step="up", code=~"a|b"}[5m]))) > 3 and absent(up{job="x"} == 1)""";

        Assert.Equal(["no_such_seconds_bucket", "up"], Monitoring.Names(Expression));
        Assert.Equal(["a_total", "b_bucket"], Shown("# HELP c d\na_total{x=\"y\"} 1\nb_bucket 2"));
    }

    private async Task<string> StateAsync(RunningHost host, string password, string status, Uri? callback = null)
    {
        var accepted = await host.PostAsync(new
        {
            source_url = fixture.Site.Url,
            source_username = fixture.Site.AdminUser,
            source_password = password,
            ttl_minutes = 30,
            callback_url = callback,
        });
        await host.EndsAsync(accepted["status_url"], status, Patience);
        return accepted["job_id"];
    }

    private static async Task<bool> ShowsAsync(RunningHost host, string[] names)
    {
        var scrape = (await host.GetAsync(Telemetry.Metrics)).Text;
        return names.All(name => scrape.Contains($"\n{name}", StringComparison.Ordinal));
    }

    private static HashSet<string> Shown(string scrape) => [.. Sample().Matches(scrape).Select(match => match.Value)];

    [GeneratedRegex("^[a-zA-Z_:][a-zA-Z0-9_:]*", RegexOptions.Multiline)]
    private static partial Regex Sample();
}
