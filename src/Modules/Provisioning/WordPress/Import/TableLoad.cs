using System.IO.Pipelines;
using MySqlConnector;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Rows of one table on their way into the database: written on this side, read by LOAD DATA LOCAL on a connection of its own, so that the
/// source is read on while the database works. A large table is loaded in several transactions.
/// </summary>
internal sealed class TableLoad(MySqlDataSource database, TablePlan plan, Func<CancellationToken, Task> ensureFence, CancellationToken cancellation)
{
    private const int BufferedBytes = 8 << 20;
    private const int LargeRow = 1 << 20;
    private const long BytesPerTransaction = 64 << 20;

    private Pipe? _pipe;
    private Task _loading = Task.CompletedTask;
    private long _bytes;

    internal async Task WriteAsync(RowEncoder encoder, RowBatch batch)
    {
        if (_bytes > BytesPerTransaction)
        {
            await FinishPartAsync();
            await ensureFence(cancellation);
        }

        var pipe = _pipe ??= Begin();
        _bytes += batch is { RowCount: 1, Length: > LargeRow }
            ? await encoder.WriteLargeAsync(plan, batch, pipe.Writer, cancellation)
            : encoder.Write(plan, batch, pipe.Writer);
        var flushed = await pipe.Writer.FlushAsync(cancellation);

        // The reader is gone: the database has refused something, and the loading task knows what.
        if (flushed.IsCompleted) await _loading;
    }

    /// <summary>The rows are in, counted and summed.</summary>
    internal async Task FinishAsync()
    {
        await FinishPartAsync();
        using var part = ProvisioningTelemetry.StartPart("check tables");
        await using var connection = await ImportSession.OpenAsync(database, cancellation);
        await plan.VerifyAsync(connection, cancellation);
    }

    /// <summary>Ends the loading without its rows; what it got so far is dropped by the next attempt.</summary>
    internal async Task AbandonAsync(Exception reason)
    {
        if (_pipe is null) return;
        await _pipe.Writer.CompleteAsync(reason);
        await _loading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Pipe Begin()
    {
        var pipe = new Pipe(new PipeOptions(
            pauseWriterThreshold: BufferedBytes, resumeWriterThreshold: BufferedBytes / 2, minimumSegmentSize: 64 << 10, useSynchronizationContext: false));
        _bytes = 0;
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
            await using var source = reader.AsStream(leaveOpen: true);
            var loader = new MySqlBulkLoader(connection) { SourceStream = source };
            plan.Configure(loader);
            await loader.LoadAsync(cancellation);
            await reader.CompleteAsync();
        }
        catch (Exception fault)
        {
            await reader.CompleteAsync(fault);
            throw;
        }
    }
}
