using System.IO.Pipelines;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Rows of one table on their way into the database: written on this side, read by LOAD DATA LOCAL on a connection of its own, so that the
/// source is read on while the database works. A large table is loaded in several transactions.
/// </summary>
/// <param name="cursors">Learns with each transaction how far the table has come; null if the import would begin anew anyway.</param>
/// <param name="bytesPerTransaction">After so many a transaction ends.</param>
internal sealed class TableLoad(
    MySqlDataSource database, TablePlan plan, ImportCursors? cursors, long bytesPerTransaction, Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
{
    private const int BufferedBytes = 2 << 20;

    /// <summary>With the packet's header in front it is 64 KB, which is no large object.</summary>
    private const int PacketBytes = (64 << 10) - 4;
    private const int LargeRow = 1 << 20;

    /// <summary>What a slow source sends in this time is kept once more of it comes.</summary>
    private static readonly TimeSpan LongestTransaction = TimeSpan.FromSeconds(5);

    private Pipe? _pipe;
    private Task _loading = Task.CompletedTask;
    private long _bytes;
    private long _began;

    internal TablePlan Plan => plan;

    /// <summary>The rows take the place of those that the table has there, in one transaction; null where they come in addition.</summary>
    internal TableRange? Replaced { get; init; }

    internal async Task WriteAsync(RowEncoder encoder, TableRows rows)
    {
        var batch = rows.Batch;
        if (Replaced is null && IsTransactionLong)
        {
            await FinishPartAsync();
            await ensureFence(cancellation);
        }

        var pipe = _pipe ??= Begin();
        _bytes += batch is { RowCount: 1, Length: > LargeRow }
            ? await encoder.WriteLargeAsync(plan, batch, pipe.Writer, cancellation)
            : encoder.Write(plan, batch, pipe.Writer);
        plan.After = rows.Position.After;
        var flushed = await pipe.Writer.FlushAsync(cancellation);

        // The reader is gone: the database has refused something, and the loading task knows what.
        if (flushed.IsCompleted) await _loading;
    }

    /// <summary>The rows are in, counted and summed.</summary>
    internal async Task FinishAsync()
    {
        await FinishPartAsync();
        await CheckAsync(database, plan, cursors, cancellation);
    }

    /// <summary>Reads a table back and compares it with what was sent.</summary>
    internal static async Task CheckAsync(MySqlDataSource database, TablePlan plan, ImportCursors? cursors, CancellationToken cancellation)
    {
        using var part = ProvisioningTelemetry.StartPart("check tables");
        await using var connection = await ImportSession.OpenAsync(database, cancellation);
        try
        {
            await plan.VerifyAsync(connection, cancellation);
        }
        catch (StepFaultException fault) when (fault.Fault.Code == ImportFault.VerifyFailed && cursors is not null)
        {
            // Nobody goes on from what is wrong.
            await cursors.ForgetAsync(connection, [plan.Table.Name], cancellation);
            throw;
        }

        if (cursors is null) return;
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await cursors.SaveAsync(transaction, plan, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>The rows are in; the table is not read back yet.</summary>
    internal async Task LeaveAsync()
    {
        // Also where none has come in the place of those that were there.
        if (Replaced is not null) _pipe ??= Begin();
        await FinishPartAsync();
    }

    /// <summary>Ends the loading without the rows of its transaction.</summary>
    internal async Task AbandonAsync(Exception reason)
    {
        if (_pipe is null) return;
        await _pipe.Writer.CompleteAsync(reason);
        await _loading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private bool IsTransactionLong =>
        _bytes > bytesPerTransaction || (cursors is not null && _pipe is not null && TimeProvider.System.GetElapsedTime(_began) > LongestTransaction);

    private Pipe Begin()
    {
        var pipe = new Pipe(new PipeOptions(
            pauseWriterThreshold: BufferedBytes, resumeWriterThreshold: BufferedBytes / 2, minimumSegmentSize: 64 << 10, useSynchronizationContext: false));
        _bytes = 0;
        _began = TimeProvider.System.GetTimestamp();
        _loading = Task.Run(() => LoadAsync(pipe.Reader), cancellation);
        return pipe;
    }

    private async Task FinishPartAsync()
    {
        if (_pipe is null) return;
        await _pipe.Writer.CompleteAsync();
        _pipe = null;
        await _loading;
    }

    private async Task LoadAsync(PipeReader reader)
    {
        try
        {
            await using var connection = await ImportSession.OpenAsync(database, cancellation);
            await using var source = new ShortReadStream(reader.AsStream(leaveOpen: true), PacketBytes);
            var loader = new MySqlBulkLoader(connection) { SourceStream = source };
            plan.Configure(loader);
            await using var transaction = cursors is not null && plan.IsTransactional ? await connection.BeginTransactionAsync(cancellation) : null;
            if (Replaced is not null && transaction is not null) await ImportSession.ExecuteAsync(transaction, Replaced.Deletion, cancellation);
            await loader.LoadAsync(cancellation);
            if (transaction is not null)
            {
                Replaced?.Table.Replace(Replaced.Range, plan);
                await cursors!.SaveAsync(transaction, Replaced?.Table ?? plan, cancellation);
                await transaction.CommitAsync(cancellation);
            }

            await reader.CompleteAsync();
        }
        catch (Exception fault)
        {
            await reader.CompleteAsync(fault);
            throw;
        }
    }
}
