using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Kubernetes.Manifests;
using k8s;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>
/// Runs clonehub-agent, and nothing else, in a clone's pod. The client's own streams block a thread each and cannot be cancelled, so the
/// messages of the socket are taken apart here: the first byte of each says which stream it belongs to.
/// </summary>
internal sealed partial class AgentExec(IKubernetes cluster, ClusterGate gate, IOptions<KubernetesOptions> options, TimeProvider clock, ILogger<AgentExec> logger)
{
    private const byte Input = 0;
    private const byte Output = 1;
    private const byte Error = 2;
    private const int Chunk = 16 * 1024;

    /// <summary>The last words on standard error may come after the last line of output.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    /// <param name="secrets">Of the job: what must not be read in the log.</param>
    public async Task<TEnd> RunAsync<TEnd>(
        string pod, string command, AgentRequest request, JobSecrets secrets, StepToken token, IProgress<ContentProgress>? progress, CancellationToken cancellation)
        where TEnd : AgentEnd
    {
        // No handler of the client sees a socket being opened.
        using var socket = await gate.PassAsync(
            stop => cluster.WebSocketNamespacedPodExecAsync(
                pod, options.Value.Namespace, [CloneImage.Agent, command], PodManifests.Container, stderr: true, stdin: true, stdout: true, tty: false,
                cancellationToken: stop),
            cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var output = new Pipe();
        var errors = new AgentErrors(secrets);
        var pump = PumpAsync(socket, output.Writer, errors, stop.Token);
        try
        {
            await SendAsync(socket, AgentCall.Document(request), cancellation);
            var end = await AgentCall.ReadAsync<TEnd>(output.Reader.AsStream(), token, progress, clock, cancellation);
            if (end is AgentImported { PeakMemory: > 0 and var peak }) Log.Held(logger, token.Job, peak >> 20);
            return end;
        }
        finally
        {
            await Task.WhenAny(pump, Task.Delay(Farewell, clock, cancellation));
            await stop.CancelAsync();
            await pump;
            if (!errors.IsEmpty) Log.Said(logger, token.Job, command, errors);
        }
    }

    private static async Task SendAsync(WebSocket socket, ReadOnlyMemory<byte> document, CancellationToken cancellation)
    {
        var frame = new byte[Chunk + 1];
        frame[0] = Input;
        for (var sent = 0; sent < document.Length; sent += Chunk)
        {
            var part = document.Slice(sent, Math.Min(Chunk, document.Length - sent));
            part.CopyTo(frame.AsMemory(1));
            await socket.SendAsync(frame.AsMemory(0, part.Length + 1), WebSocketMessageType.Binary, endOfMessage: true, cancellation);
        }
    }

    /// <summary>Never throws: what broke the socket breaks the reading of the output, where it is told.</summary>
    private static async Task PumpAsync(WebSocket socket, PipeWriter output, AgentErrors errors, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            var isFirst = true;
            byte stream = Input;
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
                if (part.MessageType == WebSocketMessageType.Close) break;
                var data = buffer.AsMemory(0, part.Count);
                if (isFirst && data.Length > 0)
                {
                    stream = data.Span[0];
                    data = data[1..];
                }

                isFirst = part.EndOfMessage;
                if (stream == Output && data.Length > 0) await output.WriteAsync(data, cancellation);
                if (stream == Error) errors.Add(data.Span);
            }

            await output.CompleteAsync();
        }
        catch (Exception broken) when (broken is WebSocketException or OperationCanceledException or IOException)
        {
            // Whoever reads hears of it as a broken connection.
            await output.CompleteAsync(new IOException("The connection to the pod broke.", broken));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2232, LogLevel.Information, "{JobId}: clonehub-agent held {Megabytes} MB at most")]
        public static partial void Held(ILogger logger, JobId jobId, long megabytes);

        [LoggerMessage(2231, LogLevel.Warning, "{JobId}: clonehub-agent {Command} said on standard error: {Errors}")]
        public static partial void Said(ILogger logger, JobId jobId, string command, AgentErrors errors);
    }
}
