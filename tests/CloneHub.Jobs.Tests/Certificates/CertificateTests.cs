using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using CloneHub.Jobs.Certificates;
using CloneHub.Jobs.Tests.Vault;
using CloneHub.Jobs.Vault;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Jobs.Tests.Certificates;

public sealed class CertificateTests : VaultWorld
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);
    private static readonly JobId Job = JobId.Parse("job-mfrggzdfmztwq2lknnwg23tpoa");

    private static readonly ContentProof Proof = new(
        new SiteVersions("6.9", "8.2.7", "10.11.14-MariaDB"), [new TableProof("wp_posts", 3, 23, 22, 2, "aa", "bb")], new FilesProof(2, 30, 0, "cc", "cc"), IsSnapshot: true);

    private static readonly IReadOnlyList<IJobEvent> History =
    [
        new CloneRequested(new Uri("https://example.com/"), "acme", null, TimeSpan.FromMinutes(30), "hash", Now.AddMinutes(20), Now),
        new ContentImported(new ContentFacts(1, 3, 2, 30), ["“Left” out <b>"], Now, Proof),
        new IngressReady(new Uri("http://job-x.localhost/"), ["one more"], Now.AddMinutes(30), Now),
    ];

    [Fact]
    public void A_certificate_tells_what_the_log_of_the_job_holds()
    {
        var certificate = CertificateBody.From(Job, History)!;

        Assert.Equal(("https://example.com/", "http://job-x.localhost/", Now, "snapshot"), (certificate.SourceUrl.AbsoluteUri, certificate.CloneUrl.AbsoluteUri, certificate.ComparedAt, certificate.Consistency));
        Assert.Equal(new TableBody("wp_posts", 3, 23, 22, 2, "aa", "bb"), Assert.Single(certificate.Tables));
        Assert.Equal(new FilesBody(2, 30, 0, "cc", "cc"), certificate.Files);
        Assert.Equal(["“Left” out <b>", "one more"], certificate.Warnings);
    }

    [Theory]
    [InlineData(true, false, "snapshot", "All rows are of one moment.")]
    [InlineData(false, true, "compared", "the source was found to have all of them still")]
    [InlineData(false, false, "several", "some may not fit together")]
    public async Task It_tells_how_rows_fit_together(bool isSnapshot, bool isCompared, string told, string words)
    {
        var certificate = CertificateBody.From(Job, [History[0], ((ContentImported)History[1]) with { Proof = Proof with { IsSnapshot = isSnapshot, IsCompared = isCompared } }, History[2]])!;
        Assert.Equal(told, certificate.Consistency);
        Assert.Contains(words, (await PageAsync(new SignedCertificateBody(certificate, ""))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void It_tells_what_the_crawl_found_once_there_was_one()
    {
        var facts = new CrawlFacts(40, 7, 12, 90, ["/about answers 404 instead of 200"], ["/shop (the source answers 503)"]);

        Assert.Null(CertificateBody.From(Job, History)!.Crawl);
        Assert.Null(CertificateBody.From(Job, [.. History, new Crawled(null, StepFault.LostWorker, Now)])!.Crawl);
        Assert.Equivalent(
            new CrawlBody(40, 7, 12, 90, ["/about answers 404 instead of 200"], ["/shop (the source answers 503)"]), CertificateBody.From(Job, [.. History, new Crawled(facts, null, Now)])!.Crawl, strict: true);
    }

    [Fact]
    public void Nothing_is_said_of_media_before_they_were_compared()
    {
        var later = ((ContentImported)History[1]) with { Awaited = new MediaAwaited(3, 300) };
        IReadOnlyList<IJobEvent> pending = [History[0], later, History[2]];
        var came = new MediaFacts(new FilesProof(1, 100, 0, "dd", "dd"), 1, 1, ["a.jpg is missing"]);

        Assert.Null(CertificateBody.From(Job, History)!.Media);
        Assert.Equal(new CertifiedMediaBody("pending", 3, null, null, null, null), CertificateBody.From(Job, pending)!.Media);
        Assert.Equal(new FilesBody(2, 30, 0, "cc", "cc"), CertificateBody.From(Job, pending)!.Files);

        var partial = CertificateBody.From(Job, [.. pending, new MediaFetched(came, null, Now.AddMinutes(5))])!;
        Assert.Equal(new CertifiedMediaBody("partial", 3, Now.AddMinutes(5), new FilesBody(1, 100, 0, "dd", "dd"), 1, 1), partial.Media);
        Assert.Equal("a.jpg is missing", partial.Warnings[^1]);
        Assert.Equal("complete", CertificateBody.From(Job, [.. pending, new MediaFetched(came with { Missing = 0 }, null, Now)])!.Media!.State);

        // Nobody could look: that is no proof of anything.
        Assert.Equal(new CertifiedMediaBody("partial", 3, null, null, null, null), CertificateBody.From(Job, [.. pending, new MediaFetched(null, StepFault.LostWorker, Now)])!.Media);
    }

    [Fact]
    public void What_does_not_serve_yet_or_was_not_compared_has_none()
    {
        Assert.Null(CertificateBody.From(Job, [.. History.Take(2)]));
        Assert.Null(CertificateBody.From(Job, [History[0], ((ContentImported)History[1]) with { Proof = null }, History[2]]));
        Assert.Null(CertificateBody.From(Job, []));
    }

    [Fact]
    public void It_verifies_on_another_machine_with_nothing_but_the_keys()
    {
        var (code, output, _) = Verify(Signed(Keys(Line(1)), out var keys), keys);

        Assert.Equal(0, code);
        Assert.StartsWith($"Valid: http://job-x.localhost/ of job {Job} was a copy of https://example.com/ on 2026-05-04T03:02:01.000Z: 1 tables with 3 rows, 2 files with 30 bytes, 2 warnings.", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_standard_library_verifies_it_too()
    {
        var line = Line(1);
        var signed = JsonNode.Parse(Signed(Keys(line), out var keys))!;
        var parts = signed["jws"]!.GetValue<string>().Split('.');
        var key = JsonNode.Parse(keys)!["keys"]![0]!;
        using var ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Base64Url.DecodeFromChars(key["x"]!.GetValue<string>()), Y = Base64Url.DecodeFromChars(key["y"]!.GetValue<string>()) },
        });

        Assert.True(ecdsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256));
        Assert.Equal($$"""{"alg":"ES256","kid":"{{key["kid"]}}"}""", Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[0])));
    }

    [Theory]
    [InlineData("certificate", "NOT VALID: What the certificate says is not what was signed.")]
    [InlineData("payload", "NOT VALID: The signature does not belong to this certificate.")]
    [InlineData("signature", "NOT VALID: The signature does not belong to this certificate.")]
    [InlineData("keys", "is not among the 1 keys given.")]
    [InlineData("algorithm", "NOT VALID: It is signed by another algorithm than ES256.")]
    [InlineData("cut", "NOT VALID: The file holds no signature.")]
    [InlineData("no jws", "NOT VALID: The file is not a certificate with its keys beside it")]
    public void What_was_changed_is_found_out(string what, string expected)
    {
        var signed = JsonNode.Parse(Signed(Keys(Line(1)), out var keys))!.AsObject();
        var parts = signed["jws"]!.GetValue<string>().Split('.');
        switch (what)
        {
            case "certificate": signed["certificate"]!["tables"]![0]!["rows"] = 4; break;
            case "payload": parts[1] = Changed(parts[1]); break;
            case "signature": parts[2] = Changed(parts[2]); break;
            case "keys": Signed(Keys(Line(1)), out keys); break;
            case "algorithm": parts[0] = Base64Url.EncodeToString("""{"alg":"none","kid":"x"}"""u8); break;
            case "cut": parts = parts[..2]; break;
            default: signed.Remove("jws"); break;
        }

        if (what != "no jws") signed["jws"] = string.Join('.', parts);
        var (code, output, errors) = Verify(signed.ToJsonString(), keys);

        Assert.Equal((1, ""), (code, output));
        Assert.Contains(expected, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void After_a_rotation_of_the_master_key_old_certificates_verify_and_new_ones_have_a_new_key()
    {
        var (old, young) = (Line(1), Line(2));
        var before = Signed(Keys(old), out _);

        var after = Signed(Keys(young, old), out var keys);

        Assert.Equal(2, JsonNode.Parse(keys)!["keys"]!.AsArray().Count);
        Assert.Equal((0, 0), (Verify(before, keys).Code, Verify(after, keys).Code));
        Assert.NotEqual(HeaderOf(before), HeaderOf(after));
        Assert.Equal(HeaderOf(after), HeaderOf(Signed(Keys(young), out _)));
    }

    [Fact]
    public async Task The_page_shows_what_sources_wrote_as_text()
    {
        var (page, policy) = await PageAsync(JsonSerializer.Deserialize(Signed(Keys(Line(1)), out _), WireJson.Default.SignedCertificateBody)!);
        Assert.Contains("&lt;b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
        Assert.Contains("<td>wp_posts</td>", page, StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
    }

    private static async Task<(string Text, string Policy)> PageAsync(SignedCertificateBody signed)
    {
        var context = new DefaultHttpContext { Response = { Body = new MemoryStream() } };
        await new CertificatePage(signed).ExecuteAsync(context);
        return (Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray()), context.Response.Headers.ContentSecurityPolicy.ToString());
    }

    [Fact]
    public void Files_that_cannot_be_read_are_named()
    {
        var (output, errors) = (new StringWriter(), new StringWriter());

        Assert.Equal(66, VerifyCertificateCommand.Run(["/nowhere.json", "/nowhere.json"], output, errors));
        Assert.Equal(64, VerifyCertificateCommand.Run(["one"], output, errors));
        Assert.Contains("/nowhere.json cannot be read as JSON", errors.ToString(), StringComparison.Ordinal);
        Assert.Contains("Usage: verify", errors.ToString(), StringComparison.Ordinal);
    }

    private static string Signed(MasterKeys master, out string keys)
    {
        var signing = new CertificateKeys(master);
        keys = JsonSerializer.Serialize(new PublicKeysBody(signing.PublicKeys), WireJson.Default.PublicKeysBody);
        var certificate = CertificateBody.From(Job, History)!;
        var signed = new SignedCertificateBody(certificate, signing.Sign(JsonSerializer.SerializeToUtf8Bytes(certificate, WireJson.Default.CertificateBody)));
        return JsonSerializer.Serialize(signed, WireJson.Default.SignedCertificateBody);
    }

    private (int Code, string Output, string Errors) Verify(string certificate, string keys)
    {
        var (certificateFile, keysFile) = (PathOf("certificate.json"), PathOf("keys.json"));
        File.WriteAllText(certificateFile, certificate);
        File.WriteAllText(keysFile, keys);
        var (output, errors) = (new StringWriter(), new StringWriter());
        var code = VerifyCertificateCommand.Run([certificateFile, keysFile], output, errors);
        return (code, output.ToString(), errors.ToString());
    }

    private static string HeaderOf(string signed) => JsonNode.Parse(signed)!["jws"]!.GetValue<string>().Split('.')[0];

    /// <summary>Another text of the same length.</summary>
    private static string Changed(string text) => text[..10] + (text[10] == 'A' ? 'B' : 'A') + text[11..];
}
