using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Signs calls to our plugin with the job's key, by the clock of the site that is called.</summary>
internal sealed class CallSigner : IDisposable
{
    private readonly Lock _gate = new();
    private readonly JobId _job;
    private readonly TimeProvider _clock;
    private readonly string? _work;
    private readonly ECDsa _key = ECDsa.Create();

    /// <param name="work">Folder that a restore works in at the site; null for calls that only read. Clone and site of a restore trust one key, and what the one was told must not count at the other.</param>
    public CallSigner(JobId job, Secret connectorKey, TimeProvider clock, string? work = null)
    {
        (_job, _clock, _work) = (job, clock, work);
        _key.ImportPkcs8PrivateKey(Convert.FromBase64String(connectorKey.Reveal()), out _);
    }

    /// <summary>How far the site's clock is ahead of ours.</summary>
    public TimeSpan Offset { get; set; }

    public DateTimeOffset SiteTime => _clock.GetUtcNow() + Offset;

    public string PublicKey => Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo());

    public HttpRequestMessage Sign(Uri address, string op, ReadOnlyMemory<byte> body)
    {
        var time = SiteTime.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var nonce = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var text = $"CH1\n{op}\n{time}\n{nonce}\n{Convert.ToHexStringLower(SHA256.HashData(body.Span))}{(_work is null ? "" : $"\n{_work}")}";
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Add("X-CloneHub-Op", op);
        request.Headers.Add("X-CloneHub-Job", _job.Value);
        request.Headers.Add("X-CloneHub-Time", time);
        request.Headers.Add("X-CloneHub-Nonce", nonce);
        request.Headers.Add("X-CloneHub-Sig", SignText(text));
        return request;
    }

    public void Dispose() => _key.Dispose();

    private string SignText(string text)
    {
        // One key object may not sign on two threads at once.
        lock (_gate)
        {
            return Convert.ToBase64String(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }
    }
}
