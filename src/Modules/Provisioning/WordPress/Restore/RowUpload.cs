using System.Buffers;
using System.Buffers.Binary;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.Rewriting;

namespace CloneHub.Provisioning.WordPress.Restore;

/// <summary>Brings the clone's rows into tables beside those of the site, its addresses on the way, and compares what arrived with what was sent.</summary>
internal sealed class RowUpload(
    TargetChannel target, RestoredTables plan, UserMap users, ContentRewriter rewriter, ImportWarnings warnings, ImportProgress progress)
{
    private readonly List<TablePlan> _tables = [.. plan.Tables.Select(table => NewPlan(table.Table))];
    private readonly ArrayBufferWriter<byte> _values = new(1 << 20);
    private int _rows;
    private int _batch;
    private bool _sends;
    private bool _isAgain;
    private ImportWarnings _said = new();

    /// <returns>Number of rows that are there now.</returns>
    public async Task<long> RunAsync(SourceChannel clone, CancellationToken cancellation)
    {
        progress.Expect(_tables.Sum(table => table.Table.ApproximateBytes));
        List<int> missing = [.. Enumerable.Range(0, _tables.Count)];
        if (await target.PrepareAsync(plan.Tables, cancellation))
        {
            _isAgain = true;
            await ReadAsync(clone, missing, sends: false, cancellation);
            missing = await MissingAsync(cancellation);
            foreach (var number in missing) _tables[number] = NewPlan(_tables[number].Table);
        }

        await ReadAsync(clone, missing, sends: true, cancellation);
        await CompareAsync(cancellation);
        return _tables.Sum(table => table.Rows);
    }

    /// <param name="sends">False if the tables are only to be summed.</param>
    private async Task ReadAsync(SourceChannel clone, IReadOnlyList<int> tables, bool sends, CancellationToken cancellation)
    {
        (_sends, _said) = (sends, sends ? warnings : new ImportWarnings());
        var numbers = tables.ToDictionary(number => _tables[number].Table.Name, StringComparer.Ordinal);
        var torn = new List<string>();
        await foreach (var item in clone.DumpAsync([.. tables.Select(number => _tables[number].Table.ToDumpRequest())], cancellation))
        {
            var number = numbers[item.Table];
            switch (item)
            {
                case TableStarted:
                    (_rows, _batch) = (0, 0);
                    _values.ResetWrittenCount();
                    break;
                case TableRows rows:
                    await AddAsync(number, rows.Batch, cancellation);
                    if (sends) progress.Advance(rows.Batch.Length, "Bringing tables", number + 1, _tables.Count);
                    break;
                case TableEnded end:
                    await SendAsync(number, cancellation, isLast: true);
                    if (end.IsTorn) torn.Add(end.Table);
                    break;
            }
        }

        if (torn.Count > 0) throw ImportFault.Verification($"The clone was changed while its tables were read: {string.Join(", ", torn)}.");
    }

    /// <summary>Those of which the site does not hold what the clone has now, as far as is known: what cannot be compared may be of before.</summary>
    private async Task<List<int>> MissingAsync(CancellationToken cancellation) =>
    [
        .. (await SumsAsync(cancellation))
            .Where(table => _tables[table.Key].Columns.Any(column => !column.IsCompared) || !_tables[table.Key].IsSame((long)table.Value[0], table.Value[1..])).Select(table => table.Key).Order(),
    ];

    private async Task AddAsync(int number, RowBatch batch, CancellationToken cancellation)
    {
        var plan = _tables[number];
        var person = PersonColumn(plan);
        var rest = batch.Wire;
        for (var row = 0; row < batch.RowCount; row++)
        {
            rest = Write(plan, rest, person);
            _rows++;
            if (_values.WrittenCount >= target.MostBytes) await SendAsync(number, cancellation);
        }
    }

    /// <returns>What comes after the row.</returns>
    private ReadOnlyMemory<byte> Write(TablePlan plan, ReadOnlyMemory<byte> rest, int person)
    {
        for (var column = 0; column < plan.Columns.Length; column++)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span);
            if (length == RowBatch.NullLength)
            {
                plan.SumNull(column);
                _values.Write(rest.Span[..4]);
                rest = rest[4..];
                continue;
            }

            var value = rest.Slice(4, checked((int)length));
            rest = rest[(4 + value.Length)..];
            var changed = column == person ? users.Change(value.Span) : plan.Columns[column].Rewrite(rewriter, value.Span, plan.Table.Name, _said);
            plan.Sum(column, value.Span, changed);
            var result = changed ?? value;
            BinaryPrimitives.WriteInt32LittleEndian(_values.GetSpan(4), result.Length);
            _values.Advance(4);
            _values.Write(result.Span);
        }

        plan.EndRow();
        return rest;
    }

    private async Task SendAsync(int number, CancellationToken cancellation, bool isLast = false)
    {
        // A table that has become empty loses what an earlier attempt brought.
        var clears = isLast && _isAgain && _batch == 0;
        if (_sends && (_rows > 0 || clears))
        {
            var columns = _tables[number].Columns;
            await target.AddRowsAsync(
                number, ++_batch, [.. columns.Select(plan => plan.Column.Name)], [.. columns.Select(plan => KindOf(plan.Column))], _rows, _values.WrittenMemory, cancellation);
        }

        _rows = 0;
        _values.ResetWrittenCount();
    }

    private async Task CompareAsync(CancellationToken cancellation)
    {
        foreach (var (number, sums) in await SumsAsync(cancellation)) _tables[number].Check((long)sums[0], sums[1..]);
    }

    private Task<IReadOnlyDictionary<int, decimal[]>> SumsAsync(CancellationToken cancellation) => target.SumsAsync(
        _tables.Index().ToDictionary(table => table.Index, table => (TargetChannel.ColumnsOf(table.Item.Columns), TablePlan.NumberKey(table.Item.Table))), cancellation);

    /// <summary>JSON is a type of MySQL alone, which keeps what it means and not what was written.</summary>
    private static TablePlan NewPlan(SourceTable table) => new(table, rewritesNames: true, comparesJson: false);

    private int PersonColumn(TablePlan table) => UserMap.ColumnOf(plan.BareName(table.Table.Name), [.. table.Columns.Select(column => column.Column.Name)]);

    /// <summary>How the text of the wire becomes a value, where bytes alone do not say it.</summary>
    private static string KindOf(SourceColumn column) => column.DataType switch
    {
        "bit" => "n",
        "json" or "inet4" or "inet6" or "uuid" => "u",
        _ => "",
    };
}
