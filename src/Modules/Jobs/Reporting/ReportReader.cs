using System.Text.Json;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Archive;
using CloneHub.Jobs.Projections;
using Npgsql;
using NpgsqlTypes;

namespace CloneHub.Jobs.Reporting;

/// <summary>
/// Reads the days that a report is made of; nothing but what <see cref="ReportsProjection"/> wrote. Throws <see cref="NpgsqlException"/>
/// while PostgreSQL is away.
/// </summary>
internal sealed class ReportReader(NpgsqlDataSource database, ProjectionProgress progress, TimeProvider clock)
{
    private const string Table = $"{EventLog.Schema}.{ReportsSchema.Days}";

    private readonly ReadPatience _patience = new(TimeSpan.FromSeconds(5), clock);

    /// <summary>All questions of one report, in five seconds or not at all.</summary>
    public async Task<T> InTimeAsync<T>(Func<Task<T>> report, CancellationToken cancellation)
    {
        try
        {
            return await _patience.AskAsync(report, cancellation);
        }
        catch (TimeoutException e)
        {
            throw new UnavailableException(UnavailableException.Store, "The event log, which reports are read from, does not answer.", e);
        }
    }

    /// <summary>The moment up to which the reports know everything that the event log knows.</summary>
    public async Task<DateTimeOffset> AsOfAsync(CancellationToken cancellation) =>
        (await progress.OfAsync(ReportsProjection.ProjectionName, cancellation)).AsOf;

    /// <summary>One part of the days on which anything happened, in order: of the whole tenant, or of one customer.</summary>
    /// <param name="part">Name of the part in <see cref="ReportDay"/>; the others, which may be large, stay in PostgreSQL.</param>
    public async Task<IReadOnlyList<(DateOnly Day, T Part)>> DaysAsync<T>(ReportQuery query, string part, CancellationToken cancellation)
    {
        var name = JsonNamingPolicy.CamelCase.ConvertName(part);
        await using var command = database.CreateCommand($"select day, data->'{name}' from {Table} where {Scope(query)} and day between $2 and $3 order by day");
        Add(command, query);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var days = new List<(DateOnly, T)>();
        while (await reader.ReadAsync(cancellation))
            days.Add((reader.GetFieldValue<DateOnly>(0), JsonSerializer.Deserialize<T>(reader.GetFieldValue<byte[]>(1), EventJson.Options)!));
        return days;
    }

    /// <summary>Clones that were live when the period began.</summary>
    public async Task<long> LiveBeforeAsync(ReportQuery query, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select coalesce(sum(live_change), 0) from {Table} where {Scope(query)} and day < $2 and $3::date is not null");
        Add(command, query);
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>Counts of clones. PostgreSQL adds up days, because there may be one for each of many customers.</summary>
    public async Task<IReadOnlyList<CloneCounts>> CountsAsync(ReportQuery query, CancellationToken cancellation)
    {
        var byDay = query.GroupBy.Contains(ReportQuery.ByDay);
        var byCustomer = query.GroupBy.Contains(ReportQuery.ByCustomer);
        var scope = byCustomer && query.CustomerId is null ? "tenant = $1 and customer is not null" : Scope(query);
        var customer = byCustomer ? "customer" : "null::varchar";
        var columns = byDay
            ? $"day, {customer}, requested, completed, failed, cancelled"
            : $"null::date, {customer}, sum(requested)::bigint, sum(completed)::bigint, sum(failed)::bigint, sum(cancelled)::bigint";
        await using var command = database.CreateCommand(
            $"select {columns} from {Table} where {scope} and day between $2 and $3 {(byDay ? "" : "group by 1, 2")} order by 1, 2");
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
