namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>
/// Hands out no more than so much at once, however large the reader's buffer is. MySqlConnector copies every piece that it reads for LOAD DATA LOCAL into a
/// rented array of the piece's size: of pieces up to a megabyte the pool keeps arrays of five sizes for each thread that ever returned one.
/// </summary>
internal sealed class ShortReadStream(Stream inner, int mostBytes) : ForwardStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer[..Math.Min(buffer.Length, mostBytes)], cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        inner.ReadAsync(buffer, offset, Math.Min(count, mostBytes), cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(count, mostBytes));

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
