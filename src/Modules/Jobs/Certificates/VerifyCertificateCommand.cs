using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CloneHub.Jobs.Api;

namespace CloneHub.Jobs.Certificates;

/// <summary>The Host's command <c>verify</c>: says whether a certificate is what a holder of one of these keys signed. Needs no service and no network.</summary>
public static class VerifyCertificateCommand
{
    private const int Invalid = 1;
    private const int WrongUsage = 64; // EX_USAGE of sysexits.h
    private const int Unreadable = 66; // EX_NOINPUT of sysexits.h

    private const string Usage =
        "Usage: verify CERTIFICATE KEYS   (files with the answers of /api/v2/jobs/{job_id}/certificate and of /api/v2/certificate-keys)";

    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter errors)
    {
        if (args is not [var certificateFile, var keysFile])
        {
            errors.WriteLine(Usage);
            return WrongUsage;
        }

        if (Read(certificateFile, errors) is not { } document || Read(keysFile, errors) is not { } keyText) return Unreadable;
        string? fault;
        CertificateBody? certificate;
        using (document)
        using (keyText)
            (certificate, fault) = Check(document.RootElement, keyText.RootElement);
        if (certificate is null)
        {
            errors.WriteLine($"NOT VALID: {fault}");
            return Invalid;
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Valid: {certificate.CloneUrl} of job {certificate.JobId} was a copy of {certificate.SourceUrl} on {WireTime.Of(certificate.ComparedAt)}: {certificate.Tables.Count} tables with {certificate.Tables.Sum(table => table.Rows):N0} rows, {certificate.Files.Files:N0} files with {certificate.Files.Bytes:N0} bytes{Media(certificate)}, {certificate.Warnings.Count} warnings."));
        return 0;
    }

    private static string Media(CertificateBody certificate) => certificate.Media is { } media
        ? string.Create(CultureInfo.InvariantCulture, $", later {media.Compared?.Files ?? 0:N0} of {media.Listed:N0} media ({media.State})") : "";

    private static (CertificateBody? Certificate, string? Fault) Check(JsonElement document, JsonElement keyText)
    {
        try
        {
            if (document.GetProperty("jws").GetString()?.Split('.') is not [var header, var payload, var signature]) return (null, "The file holds no signature.");
            var keys = keyText.Deserialize(WireJson.Default.PublicKeysBody)?.Keys ?? [];
            using var names = JsonDocument.Parse(Base64Url.DecodeFromChars(header));
            if (names.RootElement.GetProperty("alg").GetString() != "ES256") return (null, "It is signed by another algorithm than ES256.");
            var kid = names.RootElement.GetProperty("kid").GetString();
            using var key = keys.FirstOrDefault(k => k.Kid == kid)?.ToKey();
            if (key is null) return (null, $"Its key {kid} is not among the {keys.Count} keys given.");
            if (!key.VerifyData(Encoding.ASCII.GetBytes($"{header}.{payload}"), Base64Url.DecodeFromChars(signature), HashAlgorithmName.SHA256))
                return (null, "The signature does not belong to this certificate.");
            using var signed = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
            if (!JsonElement.DeepEquals(signed.RootElement, document.GetProperty("certificate"))) return (null, "What the certificate says is not what was signed.");
            return (signed.RootElement.Deserialize(WireJson.Default.CertificateBody), null);
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or CryptographicException)
        {
            return (null, $"The file is not a certificate with its keys beside it: {e.Message}");
        }
    }

    private static JsonDocument? Read(string file, TextWriter errors)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            errors.WriteLine($"{file} cannot be read as JSON: {e.Message}");
            return null;
        }
    }
}
