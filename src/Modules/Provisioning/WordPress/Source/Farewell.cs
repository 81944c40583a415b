using System.Text.Json;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Tells the connector on a source to remove itself.</summary>
internal sealed class Farewell(SourceCalls calls, TimeProvider clock)
{
    private const int MostTries = 4;

    /// <returns>What the site could not remove.</returns>
    public async Task<IReadOnlyList<string>> SayAsync(string build, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                var answer = await calls.AskAsync("bye", JsonSerializer.SerializeToUtf8Bytes(new { build }), cancellation);
                return [.. answer.GetProperty("left").EnumerateArray().Select(name => name.GetString()!)];
            }
            catch (AnswerBrokenException trouble) when (trouble.IsOrdinaryPage)
            {
                // Nobody listens any more: an earlier call got through though its answer did not.
                return [];
            }
            catch (AnswerBrokenException trouble)
            {
                if (tries == MostTries) throw SourceFaults.Unreachable(trouble.Message, trouble);
                await Task.Delay(TimeSpan.FromMilliseconds(200 * tries), clock, cancellation);
            }
        }
    }
}
