using System.Text.Json;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Agent;

namespace CloneHub.Agent;

/// <summary>Writes lines to standard output. When nobody reads them any more, the work has lost its purpose and is stopped.</summary>
internal sealed class AgentOutput : IProgress<ContentProgress>, IAsyncDisposable
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Stream _output;
    private readonly OwnLog? _own;
    private readonly CancellationTokenSource _unheard = new();
    private readonly ITimer _heart;
    private bool _hasEnded;

    /// <param name="own">Keeps what is said.</param>
    public AgentOutput(Stream output, OwnLog? own, TimeProvider clock)
    {
        (_output, _own) = (output, own);
        _heart = clock.CreateTimer(_ => Write(new AgentAlive()), null, Heartbeat, Heartbeat);
    }

    /// <summary>Cancelled when the reader has gone.</summary>
    public CancellationToken Unheard => _unheard.Token;

    public void Report(ContentProgress value) => Write(new AgentProgress(value.Fraction, value.Message));

    /// <summary>The last line: what is said after it is dropped.</summary>
    public void End(AgentEnd end) => Write(end);

    public async ValueTask DisposeAsync()
    {
        await _heart.DisposeAsync();
        _unheard.Dispose();
    }

    private void Write(AgentLine line)
    {
        byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(line, AgentJson.Default.AgentLine), (byte)'\n'];
        lock (_gate)
        {
            if (_hasEnded) return;
            _hasEnded = line is AgentEnd;
            _own?.Write(line);
            try
            {
                _output.Write(bytes);
                _output.Flush();
            }
            catch (IOException)
            {
                // Nobody is left to be told; the next attempt will find what this one has done.
                _hasEnded = true;
                _unheard.CancelAfter(TimeSpan.Zero);
            }
        }
    }
}
