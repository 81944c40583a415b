using System.ComponentModel;

namespace CloneHub.Jobs.Reporting;

/// <param name="Requested">Jobs that were accepted.</param>
/// <param name="Completed">Clones that began to serve.</param>
/// <param name="Failed">Jobs that failed for good.</param>
/// <param name="SuccessRate">Completed of completed and failed, 0 to 1; absent if there were none.</param>
internal sealed record ClonesRow(
    DateOnly? Day,
    [property: Description("Absent for jobs without one, or if customers are added up.")] string? CustomerId,
    long Requested,
    long Completed,
    long Failed,
    long Cancelled,
    [property: Description("completed / (completed + failed), 0 to 1; absent if there were none.")] double? SuccessRate);

/// <summary>How many clones were asked for, and what became of them. Each event counts on the day on which it happened.</summary>
internal static class ClonesReport
{
    public static readonly ReportKind Kind = new(
        "clones", "Clones and their success", "Jobs requested, completed, failed and cancelled, each counted on the day (UTC) on which that happened. Days without any are left out.",
        [ReportQuery.ByDay, ReportQuery.ByCustomer], [ReportQuery.ByDay]);

    public static async Task<IReadOnlyList<ClonesRow>> RowsAsync(ReportReader reader, ReportQuery query, DateTimeOffset asOf, CancellationToken cancellation) =>
        [.. (await reader.CountsAsync(query, cancellation)).Select(Row)];

    private static ClonesRow Row(CloneCounts c) => new(
        c.Day, c.Customer is "" ? null : c.Customer, c.Requested, c.Completed, c.Failed, c.Cancelled,
        c.Completed + c.Failed == 0 ? null : Math.Round((double)c.Completed / (c.Completed + c.Failed), 4));
}
