using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CloneHub.Jobs.Reporting;

/// <summary>The address of a report. All texts, so that what is wrong with them is said in one answer.</summary>
internal sealed record ReportParameters
{
    [FromQuery(Name = "from")]
    [Description("First day, UTC, as 2026-03-01. Default: 29 days before to.")]
    public string? From { get; init; }

    [FromQuery(Name = "to")]
    [Description("Last day, UTC, included. Default: today. At most 366 days in all.")]
    public string? To { get; init; }

    [FromQuery(Name = "customer_id")]
    [Description("Only jobs with this customer_id.")]
    public string? CustomerId { get; init; }

    [FromQuery(Name = "group_by")]
    [Description("How finely the rows are divided; the report's description names the choices. Several are separated by commas.")]
    public string? GroupBy { get; init; }

    [FromQuery(Name = "format")]
    [Description("json or csv. Default: csv if the Accept header asks for text/csv, else json.")]
    public string? Format { get; init; }
}

/// <summary>A question to the reports that can be answered.</summary>
internal sealed record ReportQuery(string Tenant, DateOnly From, DateOnly To, string? CustomerId, IReadOnlyList<string> GroupBy)
{
    public const string ByDay = "day";
    public const string ByHour = "hour";
    public const string ByCustomer = "customer";
    public const string ByStep = "step";

    private const int DefaultDays = 30;
    private const int MaxDays = 366;
    private const int MaxHourlyDays = 31;
    private const int MaxCustomerLength = 50;
    private static readonly string[] Names = ["from", "to", "customer_id", "group_by", "format"];

    /// <summary>The day of a row, where rows are divided by day.</summary>
    public DateOnly? DayOf(DateOnly day) => GroupBy.Contains(ByDay) ? day : null;

    /// <summary>A step as reports call it.</summary>
    public static string NameOf(CloneStep step) => JsonNamingPolicy.SnakeCaseLower.ConvertName(step.ToString());

    /// <summary>Reads what was asked, or says what is wrong with it.</summary>
    /// <param name="today">The default of the last day.</param>
    public static (ReportQuery? Query, Problem? Problem) Read(HttpRequest request, ReportParameters asked, ReportKind kind, string tenant, DateOnly today)
    {
        var errors = new QueryReader(request.Query, "a report", Names);
        if (asked.Format is not (null or "json" or "csv")) errors.Refuse("format", "must be json or csv");
        if (asked.CustomerId is { Length: 0 or > MaxCustomerLength }) errors.Refuse("customer_id", $"must have 1 to {MaxCustomerLength} characters");

        var to = Date(asked.To, "to", errors) ?? today;
        var from = Date(asked.From, "from", errors) ?? (to.DayNumber < DefaultDays ? DateOnly.MinValue : to.AddDays(1 - DefaultDays));
        var groups = asked.GroupBy?.Split(',') ?? kind.DefaultGroups;
        if (!kind.Allows(groups)) errors.Refuse("group_by", $"must be {kind.Choices}");
        var limit = groups.Contains(ByHour) ? MaxHourlyDays : MaxDays;
        if (to < from) errors.Refuse("to", "must not be before from");
        else if (to.DayNumber - from.DayNumber >= limit) errors.Refuse("from", $"must be at most {limit} days before the end of the period");
        return errors.Problem is { } problem ? (null, problem) : (new ReportQuery(tenant, from, to, asked.CustomerId, groups), null);
    }

    private static DateOnly? Date(string? text, string name, QueryReader errors)
    {
        if (text is null) return null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)) return date;
        errors.Refuse(name, "must be a date as 2026-03-01");
        return null;
    }
}

/// <summary>A report that can be asked for.</summary>
/// <param name="Name">Last part of its address.</param>
/// <param name="Groups">What its rows may be divided by.</param>
/// <param name="OneGroup">True if by one of them only.</param>
internal sealed record ReportKind(string Name, string Summary, string Description, string[] Groups, string[] DefaultGroups, bool OneGroup = false)
{
    public string Choices => OneGroup ? string.Join(" or ", Groups) : $"one or more of {string.Join(", ", Groups)}, separated by commas";

    public bool Allows(IReadOnlyList<string> groups) =>
        (!OneGroup || groups.Count == 1) && groups.Distinct(StringComparer.Ordinal).Count() == groups.Count && groups.All(g => Groups.Contains(g));
}
