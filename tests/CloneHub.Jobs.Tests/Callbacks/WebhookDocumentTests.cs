using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Jobs.Callbacks;
using CloneHub.Jobs.Tests.Vault;
using CloneHub.Testing;

namespace CloneHub.Jobs.Tests.Callbacks;

/// <summary>What docs/webhooks.md shows does what it says.</summary>
[Trait("Needs", "servers")]
public sealed partial class WebhookDocumentTests : VaultWorld
{
    private const string Body = """{"type":"job.completed","data":{"message":"Ready — go"}}""";

    [Fact]
    public async Task The_example_tells_true_calls_from_false_ones()
    {
        var signer = new CallbackSigner(Keys(Line(1)));
        var rotated = new CallbackSigner(Keys(Line(2), Line(1)));
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var signature = signer.Sign("acme", "msg_a", now, System.Text.Encoding.UTF8.GetBytes(Body));

        Assert.Equal("yes", await VerifyAsync(signer, now, signature, Body));
        Assert.Equal("yes", await VerifyAsync(signer, now, $"v1,AAAA {signature}", Body));
        Assert.Equal("no", await VerifyAsync(signer, now, signature, Body + " "));
        Assert.Equal("no", await VerifyAsync(signer, now + 1, signature, Body));
        Assert.Equal("no", await VerifyAsync(rotated, now, signature, Body));
        Assert.Equal("no", await VerifyAsync(signer, now - 301, signer.Sign("acme", "msg_a", now - 301, System.Text.Encoding.UTF8.GetBytes(Body)), Body));
    }

    [Fact]
    public void The_pauses_are_those_of_the_lifecycle()
    {
        var given = Given.Nothing.After(new RequestClone(Given.Source, "acme", "shop", Given.Ttl, "f1", Notifies: true)).After(new Cancel());
        var pauses = new List<string>();
        for (var attempt = 1; attempt <= NoticeRules.MaxAttempts; attempt++)
        {
            var failed = (NoticeFailed)given.When(new ReportNotice(Notice.Cancelled, attempt, "It answered 500.", Jitter: 1)).Single();
            given = given.After(new ReportNotice(Notice.Cancelled, attempt, "It answered 500.", Jitter: 1));
            pauses.Add((failed.RetryAt - failed.At) switch
            {
                null => "given up",
                { TotalHours: >= 1 and var hours } => $"{hours} h",
                { TotalMinutes: >= 1 and var minutes } => $"{minutes} min",
                { TotalSeconds: var seconds } => $"{seconds} s",
            });
        }

        Assert.Contains($"| pause of at most | {string.Join(" | ", pauses)} |", Document(), StringComparison.Ordinal);
    }

    private async Task<string> VerifyAsync(CallbackSigner signer, long timestamp, string signature, string body)
    {
        var program = PathOf("verify.php");
        await File.WriteAllTextAsync(program, $"<?php\n{Example().Match(Document()).Groups[1].Value}\n$call = json_decode(stream_get_contents(STDIN), true);\necho is_from_clonehub($call['secret'], $call['headers'], $call['body']) ? 'yes' : 'no';\n");
        using var php = Process.Start(new ProcessStartInfo("php", [program]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var headers = new Dictionary<string, string> { ["webhook-id"] = "msg_a", ["webhook-timestamp"] = $"{timestamp}", ["webhook-signature"] = signature };
        await php.StandardInput.WriteAsync(JsonSerializer.Serialize(new { secret = signer.SecretOf("acme").Reveal(), headers, body }));
        php.StandardInput.Close();
        var said = await php.StandardOutput.ReadToEndAsync();
        await php.WaitForExitAsync();
        return said;
    }

    private static string Document() => File.ReadAllText(Approved.PathOf("docs/webhooks.md"));

    [GeneratedRegex("```php\n(.+?)\n```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
