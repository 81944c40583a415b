using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Vault;

/// <summary>
/// The only JSON form of secrets, and only inside a seal. Written by hand because <see cref="Secret"/> must not have a converter that
/// somebody else could find, and into memory that the caller erases.
/// </summary>
internal static class JobSecretsJson
{
    /// <summary>In the order of <see cref="JobSecrets"/>. Stored, if only for the life of a job: a name is never given another meaning.</summary>
    private static readonly string[] Names = ["source_username", "source_password", "clone_password", "database_password", "connector_key"];

    /// <summary>Came later: absent where there is none, and from everything that was sealed before they came.</summary>
    private const string CallbackName = "callback_url";
    private const string TargetUsernameName = "target_username";
    private const string TargetPasswordName = "target_password";

    public static byte[] Write(JobSecrets secrets)
    {
        string[] texts =
        [
            secrets.SourceUsername, secrets.SourcePassword.Reveal(), secrets.ClonePassword.Reveal(), secrets.DatabasePassword.Reveal(),
            secrets.ConnectorKey.Reveal(),
        ];
        (string Name, string? Text)[] optional =
        [
            (CallbackName, secrets.CallbackUrl?.Reveal()), (TargetUsernameName, secrets.TargetUsername), (TargetPasswordName, secrets.TargetPassword?.Reveal()),
        ];
        var buffer = new FixedBuffer(texts.Sum(text => text.Length) + optional.Sum(o => o.Text?.Length ?? 0));
        try
        {
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartObject();
                for (var i = 0; i < Names.Length; i++) json.WriteString(Names[i], texts[i]);
                foreach (var (name, text) in optional)
                {
                    if (text is not null) json.WriteString(name, text);
                }

                json.WriteEndObject();
            }

            return buffer.ToArray();
        }
        finally
        {
            buffer.Clear();
        }
    }

    public static JobSecrets Read(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName) continue;
            var name = json.GetString()!;
            json.Read();
            values[name] = json.GetString()!;
        }

        string Text(int index) => values[Names[index]];
        Secret? Optional(string name) => values.TryGetValue(name, out var secret) ? new Secret(secret) : null;
        return new JobSecrets(
            Text(0), new Secret(Text(1)), new Secret(Text(2)), new Secret(Text(3)), new Secret(Text(4)),
            Optional(CallbackName), values.GetValueOrDefault(TargetUsernameName), Optional(TargetPasswordName));
    }

    /// <summary>
    /// Never grows, because a growing buffer leaves copies behind. The writer asks for the worst case beforehand: six characters for an
    /// escaped one, three bytes for each of them.
    /// </summary>
    private sealed class FixedBuffer(int characters) : IBufferWriter<byte>
    {
        private readonly byte[] _bytes = new byte[512 + (18 * characters)];
        private int _length;

        public void Advance(int count) => _length += count;

        public Memory<byte> GetMemory(int sizeHint = 0) => _bytes.AsMemory(_length);

        public Span<byte> GetSpan(int sizeHint = 0) => _bytes.AsSpan(_length);

        public byte[] ToArray() => _bytes[.._length];

        public void Clear() => CryptographicOperations.ZeroMemory(_bytes);
    }
}
