using System.Reflection;
using System.Text.Json;
using CloneHub.Dev;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Tests.Engine;

namespace CloneHub.Jobs.Tests.Follow;

/// <summary>What followers are told of an event.</summary>
public sealed class JobEventBodyTests
{
    private static readonly string[] OurOwn = ["Tenant", "RequestHash", "GiveUpAt", "Fence", "Node", "Notifies", "TraceParent", "CrawlFollows", "Base", "Tables"];

    /// <summary>Told by the job's certificate: a stream is no place for a line about every table.</summary>
    private static readonly string[] ToldElsewhere = ["Proof"];

    [Fact]
    public void An_event_has_the_name_it_has_in_the_logs_without_the_version()
    {
        Assert.Equal("database_ready", JobEventBody.NameOf(new DatabaseReady(Given.T0)));
        Assert.All(EventNames.Entries, e => Assert.Matches(@"^[a-z_]+\.v\d+$", e.Name));
    }

    [Fact]
    public void The_status_is_that_after_the_event()
    {
        var job = CloneJob.None;
        var told = new List<(string, JobStatus)>();
        foreach (var r in Histories.Whole())
        {
            job = job.Apply(r.Event);
            told.Add((JobEventBody.NameOf(r.Event), JobEventBody.From(Given.Id, r.Event, job).Status));
        }

        Assert.Equal(("clone_requested", JobStatus.Pending), told[0]);
        Assert.Equal(("started", JobStatus.Running), told[1]);
        Assert.Equal(("removed", JobStatus.Completed), told[^1]);
    }

    /// <summary>Every fact of an event is either told under its name or known to be CloneHub's own.</summary>
    [Fact]
    public void Facts_are_told_or_kept_on_purpose()
    {
        string[] renamed = ["Ttl", "Fault", "Facts", "Version", "Username", "Jobs", "Replaces", "Brought", "Awaited"];
        var told = typeof(JobEventBody).GetProperties().Select(p => p.Name).ToHashSet();

        var facts = EventNames.Entries.SelectMany(e => e.Type.GetProperties(BindingFlags.Public | BindingFlags.Instance)).Select(p => p.Name).Distinct().ToList();

        Assert.True(facts.Count > 20, $"Only {facts.Count} facts were examined.");
        Assert.Empty(facts.Except(told).Except(renamed).Except(OurOwn).Except(ToldElsewhere));
        Assert.Empty(told.Intersect(OurOwn.Concat(ToldElsewhere)));
    }

    [Fact]
    public void Every_event_and_every_fact_is_described()
    {
        var page = File.ReadAllText(Repository.Path("docs", "api.md"));
        var rows = page.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToList();

        Assert.Equal(EventNames.Entries.Select(e => e.Name[..e.Name.LastIndexOf('.')]).Order(StringComparer.Ordinal), rows.Select(r => r.Split('`')[1]).Order(StringComparer.Ordinal));
        Assert.All(
            typeof(JobEventBody).GetProperties().Select(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name)),
            fact => Assert.Contains($"`{fact}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public void A_failure_tells_what_to_do_about_it()
    {
        var failed = new JobFailed(Contracts.CloneStep.ImportContent, Given.Final, Given.T0.AddHours(1), Given.T0);

        var body = JobEventBody.From(Given.Id, failed, Given.AJobIn(Stage.Failed).Job);

        Assert.Equal((JobStatus.Failed, "import_content", "LOGIN_FAILED"), (body.Status, body.Step, body.Error!.Code));
        Assert.DoesNotContain("acme", JsonSerializer.Serialize(body), StringComparison.Ordinal);
    }
}
