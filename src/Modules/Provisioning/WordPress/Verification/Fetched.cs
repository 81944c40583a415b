using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace CloneHub.Provisioning.WordPress.Verification;

/// <summary>An answer, read to its end. Of large ones only sum and length are kept.</summary>
internal sealed record Fetched(HttpStatusCode Status, string MediaType, Uri? Location, IReadOnlyList<string> Cookies, byte[] Body, long Length, string Sum)
{
    private const int LargestKept = 8 << 20;

    internal string Text => Encoding.UTF8.GetString(Body);

    internal static async Task<Fetched> ReadAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var kept = new MemoryStream();
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[64 << 10];
        var length = 0L;
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
        {
            sum.AppendData(buffer.AsSpan(0, read));
            if (kept.Length < LargestKept) kept.Write(buffer, 0, read);
            length += read;
        }

        var cookies = answer.Headers.TryGetValues("Set-Cookie", out var values) ? values.ToArray() : [];
        return new Fetched(
            answer.StatusCode, answer.Content.Headers.ContentType?.MediaType ?? "", answer.Headers.Location, cookies, kept.ToArray(), length,
            Convert.ToHexStringLower(sum.GetHashAndReset()));
    }
}
