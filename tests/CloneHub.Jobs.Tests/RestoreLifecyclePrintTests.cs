using System.Globalization;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests;

/// <summary>Keeps docs/lifecycle-restore.md equal to what the code does.</summary>
public sealed class RestoreLifecyclePrintTests
{
    private static readonly (string Name, Func<GivenRestore, IJobCommand> Command)[] Commands =
    [
        ("Begin", _ => new Begin()),
        ("StartStep", _ => new StartStep("n1")),
        ("ReportStep: done", g => g.Report(null)),
        ("ReportStep: retryable fault", g => g.Report(Given.Passing)),
        ("ReportStep: final fault", g => g.Report(Given.Final)),
        ("Expire (deadline passed)", _ => new Expire()),
        ("RollBack", _ => new RollBack()),
        ("Cancel", _ => new Cancel()),
    ];

    [Fact]
    public void The_page_tells_what_the_code_does() => Approved.Compare("docs/lifecycle-restore.md", Print());

    private static string Print()
    {
        var page = new StringBuilder();
        page.Append("""
            # The life of a restore job

            Printed from `src/Modules/Jobs/RestoreJob.cs` by a test that fails when this page differs; `UPDATE_SNAPSHOTS=1 ./clonehub.sh test fast` writes it anew.

            | stage | status | progress | next step | message |
            |---|---|---|---|---|

            """);
        foreach (var stage in Stages())
        {
            var job = GivenRestore.In(stage).Job;
            page.Append(CultureInfo.InvariantCulture, $"| {stage} | {job.Status} | {job.Progress()} | {job.NextStep?.ToString() ?? "–"} | {job.Message} |\n");
        }

        page.Append("\n## What each command leads to\n\nA start of a step (`StepStarted`) comes before its report. An empty cell: nothing happens.\n\n| stage | ");
        page.AppendJoin(" | ", Commands.Select(c => c.Name)).Append(" |\n|---|").Insert(page.Length, "---|", Commands.Length).Append('\n');
        foreach (var stage in Stages())
        {
            page.Append(CultureInfo.InvariantCulture, $"| {stage} |");
            foreach (var (name, command) in Commands)
            {
                var given = GivenRestore.In(stage);
                if (name.StartsWith("ReportStep", StringComparison.Ordinal)) given = given.Started();
                if (name.StartsWith("Expire", StringComparison.Ordinal)) given = given.At(TimeSpan.FromDays(2));
                page.Append(' ').AppendJoin(", ", given.NamesWhen(command(given))).Append(" |");
            }

            page.Append('\n');
        }

        page.Append("\n## How long a step may take\n\n| step | limit of one attempt |\n|---|---|\n");
        foreach (var step in Enum.GetValues<CloneStep>().Where(step => step is >= CloneStep.PlanRestore and not CloneStep.FetchMedia)) page.Append(CultureInfo.InvariantCulture, $"| {step} | {RestoreJob.LimitOf(step).TotalMinutes:0} min |\n");
        page.Append(CultureInfo.InvariantCulture, $"""

            Planning, staging and changing places are tried like the steps of a clone (see [lifecycle.md](lifecycle.md)), within {RestoreJob.BuildLimit.TotalHours:0} hours in all. The way back (`RollBackRestore`) and the removal of what was laid aside
            (`EndRestore`) are tried for {RestoreJob.ReturnLimit.TotalHours:0} hour, and {RestoreJob.MinReturns} times at least.

            A plan with obstacles, or with drift that is not to be overwritten, fails the job (`Planned`, `JobFailed`); a dry run is completed by whatever plan there is. Once `SwapRestore` has begun the job cannot be cancelled; and
            whatever leaves in doubt how it ended, a lost worker or a site that no longer answers, is followed by the way back before the job has failed. If that is barred too, the job says so (`ROLLBACK_FAILED`) and the way back can be asked for,
            as after a restore that is completed: for {RestoreJob.UndoLimit.TotalHours:0} hours, {RestoreJob.MaxRollbacks} times at most.

            A restore that is completed ends the day of undo of earlier ones of the same site (`EarlierReplaced`). With a `callback_url` its owner is called when it is completed, failed or cancelled.

            """);
        return page.ToString();
    }

    private static IEnumerable<RestoreStage> Stages() => Enum.GetValues<RestoreStage>().Where(stage => stage is not RestoreStage.None);
}
