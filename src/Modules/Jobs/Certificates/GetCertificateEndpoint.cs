using System.Text.Json;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace CloneHub.Jobs.Certificates;

/// <summary>GET /api/v2/jobs/{job_id}/certificate and the keys that certificates verify with.</summary>
internal static class GetCertificateEndpoint
{
    public static IServiceCollection AddCertificates(this IServiceCollection services) => services.AddSingleton<CertificateKeys>();

    public static void MapGetCertificate(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/jobs/{job_id}/certificate", GetCertificate)
            .WithName("GetCertificate")
            .WithSummary("Ask for the proof that a clone is a faithful copy")
            .WithDescription(
                "Per table and over all files: what the source sent and what the clone was found to hold, as sums that anybody can make again; and what was left out or changed. "
                + "JSON with a signature, or a page for people with 'Accept: text/html'. It is there from 'completed' on, also after the clone is gone, for clones made with a log-in. docs/fidelity.md tells more.")
            .WithTags("Jobs")
            .Produces<SignedCertificateBody>(StatusCodes.Status200OK, "application/json", CertificatePage.ContentType)
            .Refuses(404, 409);
        routes.MapGet("/certificate-keys", GetKeys)
            .WithName("GetCertificateKeys")
            .WithSummary("Ask for the keys that certificates verify with")
            .WithDescription("A JSON Web Key Set, RFC 7517. Keep it: with it a certificate verifies without CloneHub.")
            .WithTags("Jobs");
    }

    private static async Task<Results<Ok<SignedCertificateBody>, CertificatePage, Problem>> GetCertificate(
        [JobIdParameter] string jobId, HttpContext context, IJobReader reader, IJobHistory history, CertificateKeys keys, CancellationToken cancellation)
    {
        if (!JobId.TryParse(jobId, out var id) || await reader.ReadAsync(id, seen: 0, cancellation) is not { } job || job.Tenant != context.User.Tenant())
            return GetJobStatusEndpoint.Unknown(jobId);
        if (CertificateBody.From(id, await history.ReadAsync(id, from: 1, cancellation)) is not { } certificate)
            return new Problem(ProblemKind.NotCertified, $"Job {id} has no certificate.");

        context.Response.Headers.CacheControl = "no-store";
        var signed = new SignedCertificateBody(certificate, keys.Sign(JsonSerializer.SerializeToUtf8Bytes(certificate, WireJson.Default.CertificateBody)));
        return WantsPage(context.Request) ? new CertificatePage(signed) : TypedResults.Ok(signed);
    }

    private static Ok<PublicKeysBody> GetKeys(CertificateKeys keys) => TypedResults.Ok(new PublicKeysBody(keys.PublicKeys));

    /// <summary>A browser names text/html first; a program that takes anything wants JSON.</summary>
    private static bool WantsPage(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        return QualityOf("text/html") is > 0 and var page && page > QualityOf("application/json");

        double QualityOf(string type) => accepted.Where(a => a.MatchesMediaType(type) && !a.MatchesAllTypes).Select(a => a.Quality ?? 1).DefaultIfEmpty().Max();
    }
}
