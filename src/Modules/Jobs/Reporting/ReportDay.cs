using System.Globalization;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Reporting;

/// <summary>
/// What happened on one day (UTC): to all jobs of a tenant, or to those of one of its customers. Everything in it is a sum over events
/// of that day, so a day that is over never changes, and days add up to any period.
/// </summary>
internal sealed class ReportDay
{
    public required string Id { get; init; }

    public required string Tenant { get; init; }

    /// <summary>Null: all jobs of the tenant. Empty: those without a customer_id.</summary>
    public string? Customer { get; init; }

    public required DateOnly Day { get; init; }

    public long Requested { get; set; }

    public long Completed { get; set; }

    public long Failed { get; set; }

    public long Cancelled { get; set; }

    /// <summary>Clones that began to serve less those that ceased to.</summary>
    public int LiveChange { get; set; }

    /// <summary>The same by hour of the day, 0 to 23; hours without a change are absent.</summary>
    public SortedDictionary<int, LiveHour> Live { get; init; } = [];

    /// <summary>By step and code.</summary>
    public SortedDictionary<string, FailureCount> Failures { get; init; } = [];

    /// <summary>From the start of an attempt to its success.</summary>
    public SortedDictionary<CloneStep, DurationHistogram> Steps { get; init; } = [];

    /// <summary>From the request to the start.</summary>
    public DurationHistogram QueueWait { get; init; } = new();

    public static ReportDay Empty(string tenant, string? customer, DateOnly day) =>
        new() { Id = IdOf(tenant, customer, day), Tenant = tenant, Customer = customer, Day = day };

    /// <summary>Escaped, so that no two tenants or customers can share a day whatever they are called.</summary>
    public static string IdOf(string tenant, string? customer, DateOnly day)
    {
        var whole = string.Create(CultureInfo.InvariantCulture, $"{day:yyyy-MM-dd}/{Uri.EscapeDataString(tenant)}");
        return customer is null ? whole : $"{whole}/{Uri.EscapeDataString(customer)}";
    }
}

/// <summary>How the number of live clones changed in one hour.</summary>
/// <param name="Change">Clones that began to serve less those that ceased to.</param>
/// <param name="Milliseconds">
/// For each of them the time from then to the end of the hour, added where it began to serve and taken away where it ceased to. With the
/// number at the start of the hour this gives the hour's serving time without knowing any single clone.
/// </param>
internal sealed record LiveHour(int Change, long Milliseconds);

/// <param name="Step">Null if the job failed outside of a step.</param>
/// <param name="Jobs">Jobs that failed with it.</param>
/// <param name="Retries">Attempts that failed with it and were tried again.</param>
internal sealed record FailureCount(CloneStep? Step, string Code, long Jobs, long Retries);
