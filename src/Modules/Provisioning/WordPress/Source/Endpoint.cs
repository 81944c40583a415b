using System.Text.Json;

namespace CloneHub.Provisioning.WordPress;

/// <summary>An address at which the connector answers.</summary>
internal sealed record Endpoint(Uri Address, string Build, SourceFacts Facts)
{
    /// <summary>
    /// Any address of the site that runs PHP will do. Firewalls and caches differ in which of them they leave alone; wp-cron.php is
    /// not among them, it ends at once on any POST.
    /// </summary>
    private static readonly string[] Candidates = ["?clonehub", "wp-admin/admin-ajax.php", "wp-login.php", "xmlrpc.php"];

    /// <param name="everywhere">False to ask at the first of them only.</param>
    /// <returns>Null if the site answers everywhere as it would to a stranger.</returns>
    /// <exception cref="StepFaultException">The connector says why it cannot work, or its answers do not get through.</exception>
    public static async Task<Endpoint?> FindAsync(
        SourceHttp http, SiteDoor door, CallSigner signer, TimeProvider clock, CancellationToken cancellation, bool everywhere = true)
    {
        var errors = new ConnectorErrors();
        AnswerBrokenException? broken = null;
        foreach (var candidate in Candidates.Take(everywhere ? Candidates.Length : 1))
        {
            var address = new Uri(door.Base, candidate);
            try
            {
                var calls = new SourceCalls(http.SendAsync, address, signer, clock);
                var answer = await calls.AskAsync("hello", "{}"u8.ToArray(), cancellation);
                return new Endpoint(address, answer.GetProperty("build").GetString()!, answer.Deserialize(CallJson.Default.SourceFacts)!);
            }
            catch (AnswerBrokenException trouble)
            {
                errors.Note(trouble);
                if (!trouble.IsOrdinaryPage) broken = trouble;
            }
        }

        return broken is null ? null : throw SourceFaults.ChannelBlocked(broken.Message);
    }
}
