using System.Text.Json;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Projections;
using Npgsql;
using NpgsqlTypes;

namespace CloneHub.Jobs.Reporting;

/// <summary>
/// Reads the days that a report is made of; nothing but what <see cref="ReportsProjection"/> wrote. Throws <see cref="NpgsqlException"/>
/// while PostgreSQL is away.
/// </summary>
internal sealed class ReportReader(NpgsqlDataSource database, ProjectionProgress progress)
{
    private const string Table = $"{EventLog.Schema}.{ReportsSchema.Days}";

    /// <summary>The moment up to which the reports know everything that the event log knows.</summary>
    public async Task<DateTimeOffset> AsOfAsync(CancellationToken cancellation) =>
        (await progress.OfAsync(ReportsProjection.ProjectionName, cancellation)).AsOf;

    /// <summary>The days on which anything happened, in order: of the whole tenant, or of one customer.</summary>
    public async Task<IReadOnlyList<ReportDay>> DaysAsync(ReportQuery query, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select data from {Table} where {Scope(query)} and day between $2 and $3 order by day");
        Add(command, query);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var days = new List<ReportDay>();
        while (await reader.ReadAsync(cancellation)) days.Add(JsonSerializer.Deserialize<ReportDay>(reader.GetFieldValue<byte[]>(0), EventJson.Options)!);
        return days;
    }

    /// <summary>Clones that were live when the period began.</summary>
    public async Task<long> LiveBeforeAsync(ReportQuery query, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select coalesce(sum(live_change), 0) from {Table} where {Scope(query)} and day < $2 and $3::date is not null");
        Add(command, query);
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>Counts of clones. PostgreSQL adds them up, because customers may be many.</summary>
    public async Task<IReadOnlyList<CloneCounts>> CountsAsync(ReportQuery query, CancellationToken cancellation)
    {
        var byDay = query.GroupBy.Contains(ReportQuery.ByDay);
        var byCustomer = query.GroupBy.Contains(ReportQuery.ByCustomer);
        var scope = byCustomer && query.CustomerId is null ? "tenant = $1 and customer is not null" : Scope(query);
        var keys = (byDay ? "day" : "null::date") + ", " + (byCustomer ? "customer" : "null::varchar");
        await using var command = database.CreateCommand(
            $"select {keys}, sum(requested)::bigint, sum(completed)::bigint, sum(failed)::bigint, sum(cancelled)::bigint from {Table} "
            + $"where {scope} and day between $2 and $3 group by 1, 2 order by 1, 2");
        Add(command, query);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<CloneCounts>();
        while (await reader.ReadAsync(cancellation))
        {
            rows.Add(new CloneCounts(
                await reader.IsDBNullAsync(0, cancellation) ? null : reader.GetFieldValue<DateOnly>(0),
                await reader.IsDBNullAsync(1, cancellation) ? null : reader.GetString(1),
                reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)));
        }

        return rows;
    }

    private static string Scope(ReportQuery query) => query.CustomerId is null ? "tenant = $1 and customer is null" : "tenant = $1 and customer = $4";

    private static void Add(NpgsqlCommand command, ReportQuery query)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = query.Tenant });
        command.Parameters.Add(new NpgsqlParameter { Value = query.From, NpgsqlDbType = NpgsqlDbType.Date });
        command.Parameters.Add(new NpgsqlParameter { Value = query.To, NpgsqlDbType = NpgsqlDbType.Date });
        if (query.CustomerId is not null) command.Parameters.Add(new NpgsqlParameter { Value = query.CustomerId });
    }
}

/// <param name="Day">Null if the days were added up.</param>
/// <param name="Customer">Null if the customers were added up; empty for jobs without a customer_id.</param>
internal sealed record CloneCounts(DateOnly? Day, string? Customer, long Requested, long Completed, long Failed, long Cancelled);
