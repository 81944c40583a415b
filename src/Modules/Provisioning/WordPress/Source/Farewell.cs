using System.Text.Json;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Tells the connector on a source to remove itself.</summary>
internal sealed class Farewell(SourceCalls calls, TimeProvider clock)
{
    private const int MostTries = 4;

    /// <param name="build">The connector that leaves, and with it those of earlier attempts.</param>
    /// <param name="fence">See <see cref="ConnectorUse"/>.</param>
    public static byte[] Of(string build, long? fence = null) =>
        fence is { } number ? JsonSerializer.SerializeToUtf8Bytes(new { build, fence = number }) : JsonSerializer.SerializeToUtf8Bytes(new { build });

    /// <returns>What the site could not remove.</returns>
    /// <exception cref="StepFaultException">Nothing proves that the connector is gone.</exception>
    public async Task<IReadOnlyList<string>> SayAsync(string build, CancellationToken cancellation, long? fence = null)
    {
        var errors = new ConnectorErrors();
        var mayHaveLeft = false;
        for (var tries = 1; ; tries++)
        {
            try
            {
                var answer = await calls.AskAsync("bye", Of(build, fence), cancellation);
                return [.. answer.GetProperty("left").EnumerateArray().Select(name => name.GetString()!)];
            }
            catch (StepFaultException gone) when (gone.Fault.Code == SourceFaults.ExpiredCode)
            {
                // It has removed itself on being asked.
                return [];
            }
            catch (AnswerBrokenException trouble) when (trouble.IsOrdinaryPage && mayHaveLeft)
            {
                // Nobody listens any more: an earlier call got through though its answer did not.
                return [];
            }
            catch (AnswerBrokenException trouble)
            {
                errors.Note(trouble);

                // A page where nobody was lost before may as well be a firewall's.
                if (tries == MostTries) throw trouble.IsOrdinaryPage ? SourceFaults.ChannelBlocked(trouble.Message) : SourceFaults.Unreachable(trouble);
                mayHaveLeft |= trouble.MayHaveArrived;
                await Task.Delay(TimeSpan.FromMilliseconds(200 * tries), clock, cancellation);
            }
        }
    }
}
