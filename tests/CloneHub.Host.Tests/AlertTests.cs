using System.Text.RegularExpressions;
using CloneHub.Testing;

namespace CloneHub.Host.Tests;

/// <summary>Whoever is woken by an alert finds what it means and what to do.</summary>
[Trait("Needs", "servers")]
public sealed partial class AlertTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private static readonly HashSet<object> Fields = ["alert", "expr", "for", "keep_firing_for", "labels", "annotations"];

    [Fact]
    public void Alerts_have_the_form_that_Prometheus_takes()
    {
        var rule = Monitoring.Manifest("prometheus-rule.yaml");
        Assert.Equal(("monitoring.coreos.com/v1", "PrometheusRule"), ((string)rule["apiVersion"], (string)rule["kind"]));
        Assert.Equal(("monitoring.coreos.com/v1", "PodMonitor"), ((string)Monitoring.Manifest("pod-monitor.yaml")["apiVersion"], (string)Monitoring.Manifest("pod-monitor.yaml")["kind"]));
        Assert.True(Monitoring.Alerts.Count > 10, $"Only {Monitoring.Alerts.Count} alerts were examined.");
        Assert.Equal(Monitoring.Alerts.Count, Monitoring.Alerts.Select(alert => alert["alert"]).Distinct().Count());
        Assert.All(Monitoring.Alerts, alert =>
        {
            Assert.Subset(Fields, alert.Keys.ToHashSet());
            Assert.Contains(Monitoring.Map(alert["labels"])["severity"], (object[])["critical", "warning"]);
            Assert.NotEmpty((string)Monitoring.Map(alert["annotations"])["summary"]);
            Assert.Equal(0, Depth((string)alert["expr"]));
            if (alert.TryGetValue("for", out var patience)) Assert.Matches(Duration(), (string)patience);
        });
    }

    [Fact]
    public void Every_alert_has_its_section_in_the_runbook()
    {
        Assert.Contains("clonehubdown", Monitoring.Anchors);
        Assert.DoesNotContain("clonehub-is-on-fire", Monitoring.Anchors);
        Assert.All(Monitoring.Alerts, alert =>
            Assert.Equal($"docs/runbook.md#{((string)alert["alert"]).ToLowerInvariant()}", Monitoring.Map(alert["annotations"])["runbook_url"]));
        Assert.Empty(Monitoring.Alerts.Select(alert => ((string)alert["alert"]).ToLowerInvariant()).Except(Monitoring.Anchors));
    }

    [Fact]
    public void Every_section_about_an_alert_has_its_alert() =>
        Assert.Empty(Monitoring.Anchors.Where(anchor => anchor.StartsWith("clonehub", StringComparison.Ordinal))
            .Except(Monitoring.Alerts.Select(alert => ((string)alert["alert"]).ToLowerInvariant())));

    [Fact]
    public async Task Every_part_that_readiness_names_is_explained()
    {
        var ready = await fixture.Host.GetAsync("/health/ready");
        var parts = ready.Json.GetProperty("checks").EnumerateObject().Select(check => check.Name).ToList();

        Assert.Contains("redis", parts);
        Assert.Empty(parts.Select(part => $"part-{part}").Except(Monitoring.Anchors));
    }

    [Fact]
    public void Every_event_that_the_runbook_names_is_logged_somewhere()
    {
        var named = LogEvent().Matches(File.ReadAllText(Approved.PathOf("docs/runbook.md"))).Select(match => match.Groups[1].Value).Distinct().ToList();
        var sources = string.Concat(Directory.GetFiles(Approved.PathOf("src"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));

        Assert.True(named.Count > 10, $"Only {named.Count} events were found.");
        Assert.All(named, id => Assert.Contains($"[LoggerMessage({id},", sources, StringComparison.Ordinal));
    }

    private static int Depth(string expression) => expression.Count(c => c == '(') - expression.Count(c => c == ')');

    [GeneratedRegex("^[0-9]+[smh]$")]
    private static partial Regex Duration();

    /// <summary>A row of a table that begins with an event's number.</summary>
    [GeneratedRegex(@"^\| (\d{4}) \|", RegexOptions.Multiline)]
    private static partial Regex LogEvent();
}
