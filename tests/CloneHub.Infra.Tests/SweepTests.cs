using System.Globalization;
using System.Text.Json.Nodes;

namespace CloneHub.Infra.Tests;

/// <summary>The second opinion about clones that are overdue: its script with the real kubectl, and the alerts about it.</summary>
[Trait("Needs", "infra")]
public sealed class SweepTests
{
    [KubectlFact]
    public async Task A_clone_past_its_deadline_fails_the_report_and_is_named()
    {
        var said = await ReportAsync(("job-late", TimeSpan.FromHours(-1)), ("job-served", TimeSpan.FromHours(1)), ("job-just-over", TimeSpan.FromMinutes(-2)));

        Assert.Equal(1, said.Code);
        Assert.StartsWith("job-late is overdue since ", said.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("job-served", said.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("job-just-over", said.Output, StringComparison.Ordinal);
    }

    [KubectlFact]
    public async Task Clones_in_their_time_and_those_that_do_not_serve_yet_are_no_fault() =>
        Assert.Equal((0, ""), await CodeAndOutputAsync(ReportAsync(("job-served", TimeSpan.FromHours(1)), ("job-builds", null))));

    [KubectlFact]
    public async Task A_report_without_clones_is_a_good_one() => Assert.Equal((0, ""), await CodeAndOutputAsync(ReportAsync()));

    /// <summary>Silence would look as if nothing were overdue.</summary>
    [KubectlFact]
    public async Task A_report_that_cannot_ask_fails()
    {
        using var script = new Script();
        script.Program("kubectl", "echo Forbidden >&2; exit 1");

        Assert.NotEqual(0, (await script.RunAsync("sh", "-ec", await LinesAsync())).Code);
    }

    [KubectlFact]
    public async Task An_alert_tells_of_a_report_that_failed_and_of_one_that_is_missing()
    {
        var prod = await Kubectl.BuildAsync("overlays/prod");
        var cron = prod.Single(m => m.Kind == "CronJob");
        var rules = prod.Single(m => m is { Kind: "PrometheusRule", Name: "overdue-report" })["spec/groups"]!.AsArray().Single()!["rules"]!.AsArray().Select(r => r!).ToList();
        var headings = Repository.Read("docs/runbook.md").Split('\n').Where(line => line.StartsWith('#')).Select(line => line.TrimStart('#', ' ')).ToHashSet();

        Assert.Equal(["OverdueClones", "OverdueReportMissing"], rules.Select(rule => (string)rule["alert"]!));
        Assert.All(rules, rule =>
        {
            Assert.Contains((string)rule["alert"]!, headings);
            Assert.Equal($"docs/runbook.md#{((string)rule["alert"]!).ToLowerInvariant()}", (string?)rule["annotations"]!["runbook_url"]);
            Assert.Contains($"namespace=\"{cron.Namespace}\"", (string)rule["expr"]!, StringComparison.Ordinal);
            Assert.Contains($"cronjob=\"{cron.Name}\"", (string)rule["expr"]!, StringComparison.Ordinal);
        });
        Assert.Contains($"kube_job_status_start_time{{namespace=\"clonehub\", job_name=~\"{cron.Name}-.+\"}}", (string)rules[0]["expr"]!, StringComparison.Ordinal);
    }

    private static async Task<(int, string)> CodeAndOutputAsync(Task<Tool.Answer> answer) => ((await answer).Code, (await answer).Output);

    private static async Task<Tool.Answer> ReportAsync(params (string Name, TimeSpan? Left)[] clones)
    {
        await using var cluster = await StubCluster.StartAsync([]);
        foreach (var (name, left) in clones) cluster.Add($"/api/v1/namespaces/clonehub-clones/configmaps/{name}", Anchor(name, left));
        cluster.Add("/api/v1/namespaces/clonehub-clones/configmaps/clone-images", Anchor("clone-images", TimeSpan.FromDays(-1), app: "none"));
        using var script = new Script();
        script.LeadKubectlTo(cluster);
        return await script.RunAsync("sh", "-ec", await LinesAsync());
    }

    private static async Task<string> LinesAsync()
    {
        var report = (await Kubectl.BuildAsync("overlays/prod")).Single(m => m.Kind == "CronJob").Containers.Single();
        Assert.Equal(["sh", "-ec"], report["command"]!.AsArray().Select(word => (string)word!));
        return (string)report["args"]!.AsArray().Single()!;
    }

    private static JsonObject Anchor(string name, TimeSpan? left, string app = "wordpress-clone")
    {
        var annotations = new JsonObject();
        if (left is { } time) annotations["clonehub.io/expires"] = TimeProvider.System.GetUtcNow().Add(time).ToString("O", CultureInfo.InvariantCulture);
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "clonehub-clones", ["labels"] = new JsonObject { ["app"] = app }, ["annotations"] = annotations },
        };
    }
}
