using System.Text;
using CloneHub.Contracts;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests;

/// <summary>Keeps docs/lifecycle.md equal to what the code does.</summary>
public sealed class LifecyclePrintTests
{
    private static readonly (string Name, Func<Given, IJobCommand> Command)[] Commands =
    [
        ("Begin", _ => new Begin()),
        ("StartStep", _ => new StartStep("n1")),
        ("ReportStep: done", g => g.Report(null)),
        ("ReportStep: retryable fault", g => g.Report(Given.Passing)),
        ("ReportStep: final fault", g => g.Report(Given.Final)),
        ("Expire (deadline passed)", _ => new Expire()),
        ("Extend", _ => new Extend(2 * Given.Ttl)),
        ("Cancel", _ => new Cancel()),
    ];

    [Fact]
    public void The_page_tells_what_the_code_does() => Approved.Compare("docs/lifecycle.md", Print());

    private static string Print()
    {
        var page = new StringBuilder();
        page.Append("""
            # The life of a clone job

            Printed from `src/Modules/Jobs/CloneJob.cs` by a test that fails when this page differs; `UPDATE_SNAPSHOTS=1 ./clonehub.sh test fast` writes it anew.

            | stage | status | progress | next step | message |
            |---|---|---|---|---|

            """);
        foreach (var stage in Enum.GetValues<Stage>().Where(s => s is not Stage.None))
        {
            var job = Given.AJobIn(stage).Job;
            page.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {stage} | {job.Status} | {job.Progress()} | {job.NextStep?.ToString() ?? "–"} | {job.Message} |\n");
        }

        page.Append("\n## What each command leads to\n\nA start of a step (`StepStarted`) comes before its report. An empty cell: nothing happens.\n\n| stage | ");
        page.AppendJoin(" | ", Commands.Select(c => c.Name)).Append(" |\n|---|").Insert(page.Length, "---|", Commands.Length).Append('\n');
        foreach (var stage in Enum.GetValues<Stage>().Where(s => s is not Stage.None))
        {
            page.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {stage} |");
            foreach (var (name, command) in Commands)
            {
                var given = Given.AJobIn(stage);
                if (name.StartsWith("ReportStep", StringComparison.Ordinal)) given = given.Started();
                if (name.StartsWith("Expire", StringComparison.Ordinal)) given = given.At(TimeSpan.FromDays(1));
                page.Append(' ').AppendJoin(", ", given.When(command(given)).Select(e => e.GetType().Name)).Append(" |");
            }

            page.Append('\n');
        }

        page.Append("\n## How long a step may take\n\n| step | limit of one attempt |\n|---|---|\n");
        foreach (var step in Enum.GetValues<CloneStep>().Where(step => step is <= CloneStep.Crawl or CloneStep.FetchMedia)) page.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {step} | {CloneJob.LimitOf(step).TotalMinutes:0} min |\n");
        page.Append(System.Globalization.CultureInfo.InvariantCulture, $"""

            A step is tried {CloneJob.MaxFailures} times when its fault is retryable, with a pause that doubles from a second to a minute; a removal is tried for ever, at most
            five minutes apart. A step that misses CloneHub's own back end (`BACKEND_UNAVAILABLE`) is tried {CloneJob.MaxAttempts} times, which takes some minutes; one whose worker is lost (`WORKER_LOST`) as often, at once. A job that does not serve within {CloneJob.BuildLimit.TotalHours:0} hours has failed. What a failed job made is kept for its time to live, for inspection.

            Once a clone with the whole site serves, it and its source are crawled (`Crawl`, then `Crawled`): more of their pages are compared than while its owner waits. Whatever that finds
            is told, and the clone serves on. A crawl that cannot begin within {CloneJob.CrawlLimit.TotalMinutes:0} minutes is left out.

            A clone that was asked for with `media: "on_demand"` is handed over without its media, which follow (`FetchMedia`, then `MediaFetched`). They are tried for until {CloneJob.MaxMediaFailures} attempts have failed, with
            pauses of up to five minutes; then, or at once where a fault is final or the job has failed before it served, the same step gives up what has not come. Either way it takes the connector off the source.

            A job that was asked for with `by_hand` does not fail where its owner can install the connector at the source instead: it waits (`ActionRequired`), without a slot, while a worker looks
            whether the connector answers (`AwaitConnector`), and then goes on with the import (`ActionTaken`). The waiting counts towards the {CloneJob.BuildLimit.TotalHours:0} hours.

            Beside its steps a job may owe two things, each told by an event of its own. One that was asked for with `replace` has the tenant's earlier clones of
            the same label removed once it serves (`EarlierReplaced`); if a later one with `replace` serves by then, it goes itself (`CancelRequested`). One with
            a `callback_url` calls its owner when it is completed, failed, cancelled or removed (`NoticeDelivered`, `NoticeFailed`): one notice after the other,
            each tried up to {NoticeRules.MaxAttempts} times.

            A clone is extended {CloneJob.MaxExtensions} times at most. An extension that would move its end by less than {CloneJob.SameEnd.TotalSeconds:0} seconds changes nothing.

            """);
        return page.ToString();
    }
}
