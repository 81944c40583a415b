using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>A site that gets content, with our connector on it. What may be said twice is said again until it is answered.</summary>
/// <param name="fence">Of the attempt that asks. The site obeys none that is older than another it has heard of.</param>
internal sealed class TargetChannel(SourceChannel site, TimeProvider clock, long fence) : IAsyncDisposable
{
    /// <summary>Many servers take no more than a megabyte unless they are told to, and some firewalls much less.</summary>
    private const int MostBody = 768 << 10;
    private const int LeastBody = 16 << 10;

    /// <summary>For what a call says beside its bytes.</summary>
    private const int Frame = 4 << 10;

    private int _mostBody = MostBody;
    private const int MovesPerCall = 4_000;
    private const int FilesPerCall = 1_000;
    private const int TablesPerCall = 40;

    /// <summary>Seconds that pages which are being served may take to end, before the change is put off.</summary>
    private const double Patience = 4;

    private static readonly TimeSpan UntilSettled = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(300);

    public SourceChannel Site => site;

    /// <summary>Bytes that one call should bring beside its arguments. One that brings more takes several requests.</summary>
    public int MostBytes => _mostBody / 4 * 3;

    public async Task<TargetInspection> InspectAsync(CancellationToken cancellation)
    {
        var facts = (await AskAsync("inspect", new { }, default, cancellation)).Deserialize(CallJson.Default.TargetInspection)!;
        if (facts.LargestBody > 0) _mostBody = (int)Math.Clamp(facts.LargestBody / 2, LeastBody, _mostBody);
        return facts;
    }

    /// <summary>Makes the tables that are to be filled.</summary>
    /// <returns>Whether those of an earlier attempt are there, with what it brought.</returns>
    public async Task<bool> PrepareAsync(IReadOnlyList<RestoredTable> tables, CancellationToken cancellation)
    {
        var order = tables.Select(table => new { live = table.Name, create_sql = table.CreateSql, auto_increment = table.AutoIncrement, replaces = table.Replaces });
        var answer = (await AskAsync("prepare", new { tables = order }, default, cancellation)).Deserialize(CallJson.Default.TargetState)!;
        if (answer.Busy) throw RestoreFaults.Busy();
        return answer.State == TargetState.Staging ? answer.Kept : throw RestoreFaults.Refused($"it says '{answer.State}'.");
    }

    /// <param name="batch">1 for the first of the table.</param>
    public Task AddRowsAsync(int table, int batch, IReadOnlyList<string> columns, IReadOnlyList<string> kinds, int rows, ReadOnlyMemory<byte> values, CancellationToken cancellation) =>
        AskAsync("rows", new { table, batch, columns, kinds, rows }, values, cancellation);

    /// <param name="pieces">Path, offset, length, 1 if it is the last one, modification time, mode.</param>
    public Task AddFilesAsync(IReadOnlyList<string> folders, IReadOnlyList<object[]> pieces, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) =>
        AskAsync("files", new { folders, pieces }, bytes, cancellation);

    /// <summary>Those of the files that are not there as they should be.</summary>
    public async Task<IReadOnlyList<StagedFile>> MissingAsync(IReadOnlyList<StagedFile> files, CancellationToken cancellation)
    {
        var missing = new List<StagedFile>();
        foreach (var part in files.Chunk(FilesPerCall))
        {
            var answer = await AskAsync("missing", new { files = part.Select(file => new object[] { file.Path, file.Size, file.Md5 }) }, default, cancellation);
            missing.AddRange(answer.GetProperty("missing").EnumerateArray().Select(index => part[index.GetInt32()]));
        }

        return missing;
    }

    public async Task SetMovesAsync(IReadOnlyList<FileMove> moves, CancellationToken cancellation)
    {
        var from = 0;
        do
        {
            var part = moves.Skip(from).Take(MovesPerCall).Select(move => new[] { move.Path, KindOf(move.Kind) }).ToArray();
            await AskAsync("moves", new { from, moves = part }, default, cancellation);
            from += part.Length;
        }
        while (from < moves.Count);
    }

    /// <summary>Number of rows of each table, a sum of each column and one of the rows.</summary>
    /// <param name="tables">Of each its columns, with whether they are compared, and the column of numbers by which its rows are found.</param>
    public async Task<IReadOnlyDictionary<int, decimal[]>> SumsAsync(IReadOnlyDictionary<int, (IEnumerable<object[]> Columns, string? Key)> tables, CancellationToken cancellation)
    {
        var order = tables.ToDictionary(table => table.Key.ToString(CultureInfo.InvariantCulture), table => new { columns = table.Value.Columns, key = table.Value.Key });
        var answer = await AskAsync("sums", new { tables = order }, default, cancellation);
        return answer.GetProperty("sums").EnumerateObject().ToDictionary(table => int.Parse(table.Name, CultureInfo.InvariantCulture), table => NumbersOf(table.Value));
    }

    /// <summary>The site's own tables as they are now.</summary>
    public async Task<IReadOnlyList<MarkedTable>> MarksAsync(IReadOnlyList<TableToMark> tables, CancellationToken cancellation)
    {
        var marks = new List<MarkedTable>();
        foreach (var part in tables.Chunk(TablesPerCall))
        {
            var order = part.Select(table => new
            {
                name = table.Name,
                columns = ColumnsOf(table.Columns),
                key = TablePlan.NumberKey(table.Table),
                skip = SkippedOf(table),
                after = table.After,
                by = table.By,
                staged = table.Staged,
                laid_aside = table.LaidAside,
            });
            var answer = (await AskAsync("marks", new { tables = order }, default, cancellation)).GetProperty("marks");
            marks.AddRange(part.Select(table => Marked(table, answer.GetProperty(table.Name))));
        }

        return marks;
    }

    /// <summary>As the site is told of them.</summary>
    public static IEnumerable<object[]> ColumnsOf(IEnumerable<ColumnPlan> columns) => columns.Select(plan => new object[] { plan.Column.Name, plan.IsCompared });

    /// <summary>The new content takes the place of the old one, as a whole or not at all.</summary>
    /// <param name="before">What its pages answer now; noted there for whoever goes on after this attempt.</param>
    /// <param name="seen">The site's tables as they were looked at last, those that matter most first: compared, as far as a moment suffices, when nobody is served any more.</param>
    public Task<TargetState> SwapAsync(RestoreRules rules, string prefix, IReadOnlyList<int?> before, CancellationToken cancellation, IEnumerable<MarkedTable>? seen = null) => TurnAsync("swap", new
    {
        before,
        seen = (seen ?? []).Select(table => new
        {
            name = table.Table.Name,
            key = TablePlan.NumberKey(table.Table.Table),
            skip = SkippedOf(table.Table),
            rows = (long)table.Sums[0],
            last = table.LastKey,
        }),
        options = prefix + "options",
        kept_names = rules.KeptNames(prefix),
        kept_patterns = rules.KeptPatterns,
        kept_plugins = rules.KeptPlugins,
        patience = Patience,
    }, cancellation);

    /// <summary>The old content takes its place again.</summary>
    public Task<TargetState> RollBackAsync(CancellationToken cancellation) => TurnAsync("rollback", new { patience = Patience }, cancellation);

    public async Task<TargetState> StateAsync(CancellationToken cancellation) =>
        (await AskAsync("status", new { }, default, cancellation)).Deserialize(CallJson.Default.TargetState)!;

    /// <summary>The new content stays. Until that is said the site takes its old content back by itself if its pages end by fatal errors.</summary>
    /// <returns>What the site has by now.</returns>
    public async Task<TargetState> ConfirmAsync(CancellationToken cancellation) =>
        (await AskAsync("confirm", new { }, default, cancellation)).Deserialize(CallJson.Default.TargetState)!;

    /// <summary>Empties what keeps pages of before. Tried only once: a site that new content broke cannot do it.</summary>
    /// <returns>Whether it was done.</returns>
    public async Task<bool> TryFlushAsync(CancellationToken cancellation)
    {
        try
        {
            await site.Calls.AskAsync("flush", BodyOf(new { }, default), cancellation);
            return true;
        }
        catch (Exception trouble) when (trouble is AnswerBrokenException or StepFaultException)
        {
            // The pages that are looked at next tell what is the matter.
            return false;
        }
    }

    /// <summary>Deletes what went, or what was never brought. There is no way back afterwards.</summary>
    public Task FinishAsync(CancellationToken cancellation) => AskAsync("finish", new { }, default, cancellation);

    public ValueTask DisposeAsync() => site.DisposeAsync();

    /// <summary>Said once. If the answer is lost the site is asked what has become of it; whoever comes next there has settled it.</summary>
    private async Task<TargetState> TurnAsync(string op, object arguments, CancellationToken cancellation)
    {
        try
        {
            return (await site.Calls.AskAsync(op, BodyOf(arguments, default), cancellation)).Deserialize(CallJson.Default.TargetState)!;
        }
        catch (AnswerBrokenException)
        {
            return await SettledAsync(cancellation);
        }
    }

    private async Task<TargetState> SettledAsync(CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                var answer = await site.Calls.AskAsync("status", BodyOf(new { }, default), cancellation);
                if (answer.Deserialize(CallJson.Default.TargetState) is { IsSettled: true } state) return state;
            }
            catch (AnswerBrokenException)
            {
                // It does not answer yet. While places are between old and new WordPress says to come again in ten minutes, and each request may be the one that mends them.
            }
            catch (StepFaultException trouble) when (trouble.Fault.Retryable && clock.GetElapsedTime(started) < UntilSettled)
            {
                // As above. Nothing else tells what became of the change.
            }

            if (clock.GetElapsedTime(started) > UntilSettled) throw RestoreFaults.Refused("it does not come to rest.");
            await Task.Delay(BetweenLooks, clock, cancellation);
        }
    }

    private async Task<JsonElement> AskAsync(string op, object arguments, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        var pace = new TransferPace(clock);
        var errors = new ConnectorErrors();
        var body = BodyOf(arguments, payload);
        while (true)
        {
            try
            {
                return await site.Calls.AskAsync(op, body.Length <= _mostBody ? body : await SendPartsAsync(body, cancellation), cancellation);
            }
            catch (AnswerBrokenException trouble) when (trouble.IsTooLarge && _mostBody > LeastBody && body.Length > LeastBody)
            {
                _mostBody = Math.Max(LeastBody, Math.Min(_mostBody, body.Length) / 2);
            }
            catch (AnswerBrokenException trouble)
            {
                errors.Note(trouble);
                await pace.BrokenAsync(trouble, cancellation);
            }
        }
    }

    /// <summary>Brings a call that is larger than the site takes, such as one with a single row that is.</summary>
    /// <returns>The body that stands for it.</returns>
    private async Task<ReadOnlyMemory<byte>> SendPartsAsync(ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var size = _mostBody - Frame;
        for (var offset = 0; offset < body.Length; offset += size)
            await site.Calls.AskAsync("part", BodyOf(new { offset }, body.Slice(offset, Math.Min(size, body.Length - offset))), cancellation);
        return BodyOf(new { parts = new { fence, md5 = FileSum.Of(body.Span) } }, default);
    }

    private ReadOnlyMemory<byte> BodyOf(object arguments, ReadOnlyMemory<byte> payload)
    {
        var all = JsonSerializer.SerializeToNode(arguments)!.AsObject();
        all["fence"] = fence;
        var json = JsonSerializer.SerializeToUtf8Bytes(all);
        if (payload.IsEmpty) return json;
        var body = new byte[8 + json.Length + payload.Length];
        "CHB1"u8.CopyTo(body);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(4), json.Length);
        json.CopyTo(body.AsSpan(8));
        payload.CopyTo(body.AsMemory(8 + json.Length));
        return body;
    }

    private static IEnumerable<object[]> SkippedOf(TableToMark table) => table.Skipped.Select(rows => new object[] { rows.Column, rows.Values, rows.Beginnings });

    private static MarkedTable Marked(TableToMark table, JsonElement mark)
    {
        var (last, added) = (mark.GetProperty("last"), mark.GetProperty("added"));
        return new MarkedTable(
            table, mark.GetProperty("rows").GetInt64(), last.ValueKind == JsonValueKind.Number ? last.GetInt64() : null, NumbersOf(mark.GetProperty("sums")),
            added.ValueKind == JsonValueKind.Object ? added.EnumerateObject().ToDictionary(kind => kind.Name, kind => kind.Value.GetInt64()) : null);
    }

    private static decimal[] NumbersOf(JsonElement sums) => [.. sums.EnumerateArray().Select(sum => decimal.Parse(sum.GetString()!, CultureInfo.InvariantCulture))];

    private static string KindOf(MoveKind kind) => kind switch
    {
        MoveKind.Add => "add",
        MoveKind.Replace => "replace",
        _ => "remove",
    };
}
