using System.Diagnostics;
using System.Text.RegularExpressions;
using CloneHub.Dev;
using CloneHub.Jobs;
using Xunit.Abstractions;

namespace CloneHub.Provisioning.Tests.Failures;

/// <summary>Failures are injected by the dozen, and each reaches the job's owner under its name, with its cause and a hint.</summary>
[Trait("Needs", "servers")]
public sealed partial class NamedFailureTests(FailureStage stage, ITestOutputHelper output) : IClassFixture<FailureStage>
{
    public static TheoryData<string> Names => new(NamedFailure.All.Select(failure => failure.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_failure_has_its_name(string name)
    {
        var failure = NamedFailure.All.Single(failure => failure.Name == name);
        if (failure.Code == "DISK_FULL" && !stage.HasFullDisks)
        {
            Assert.False(Environment.IsPrivilegedProcess, "Root can mount a small file system, and this one could not.");
            output.WriteLine("Left out: only root can mount a small file system.");
            return;
        }

        var started = Stopwatch.GetTimestamp();
        var job = await failure.Inject(stage);
        var fault = job.Fault!;
        output.WriteLine($"{Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms: {fault}");

        Assert.Equal(failure.Code, fault.Code);
        Assert.Contains(failure.Cause, fault.Message, StringComparison.Ordinal);
        Assert.NotEmpty(fault.Hint);
        Assert.Equal(("failed", Outcome.Failed, null), (job.Status, job.Outcome, job.CloneUrl));
        Assert.All(stage.Secrets, secret => Assert.DoesNotContain(secret, fault.ToString(), StringComparison.Ordinal));
        if (Documented().TryGetValue(fault.Code, out var again) && again is "yes" or "no") Assert.Equal(again == "yes", fault.Retryable);
    }

    [Fact]
    public void There_are_many_and_every_code_of_a_failed_job_is_among_them()
    {
        Assert.True(NamedFailure.All.Count >= 40, $"Only {NamedFailure.All.Count} failures are injected.");
        Assert.Equal(NamedFailure.All.Count, NamedFailure.All.DistinctBy(failure => failure.Name).Count());
        var injected = NamedFailure.All.Select(failure => failure.Code).ToHashSet();
        Assert.Empty(Documented().Keys.Except(injected));
        Assert.Equal(["INTERNAL"], injected.Except(Documented().Keys));
    }

    /// <summary>Codes of failed jobs, and whether another try may help. What only a cluster can do wrong is tested against clusters.</summary>
    private static Dictionary<string, string> Documented()
    {
        var page = File.ReadAllText(Repository.Path("docs", "errors.md"));
        var table = page[page.IndexOf("## Failed jobs", StringComparison.Ordinal)..page.IndexOf("### In Kubernetes", StringComparison.Ordinal)];
        return Row().Matches(table).ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value);
    }

    [GeneratedRegex(@"^\| `([A-Z][A-Z0-9_]+)` \| ([^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
