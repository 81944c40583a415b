using System.ComponentModel;
using System.Text.Json.Serialization;
using CloneHub.Contracts;
using CloneHub.Jobs.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CloneHub.Jobs.Callbacks;

/// <summary>What calls to a tenant's callback_url are verified with.</summary>
internal sealed record WebhookSecretBody(
    [property: Description("whsec_ and the key in base 64, as libraries for Standard Webhooks take it. It changes when the operator changes the master key.")]
    [property: JsonConverter(typeof(RevealedSecretConverter))]
    Secret Secret);

/// <summary>GET /api/v2/webhook-secret: the caller's own secret and nobody else's.</summary>
internal static class GetWebhookSecretEndpoint
{
    public static IServiceCollection AddCallbacks(this IServiceCollection services) => services
        .AddSingleton<CallbackGuard>()
        .AddSingleton<CallbackSigner>()
        .AddSingleton<CallbackHttp>()
        .AddSingleton<CallbackSender>();

    public static void MapGetWebhookSecret(this IEndpointRouteBuilder routes) => routes
        .MapGet("/webhook-secret", GetWebhookSecret)
        .WithName("GetWebhookSecret")
        .WithSummary("Ask for the secret that calls are signed with")
        .WithDescription("The same secret for all calls to this key's tenant. How to verify a call: docs/webhooks.md.")
        .WithTags("Webhooks");

    private static Ok<WebhookSecretBody> GetWebhookSecret(HttpContext context, CallbackSigner signer)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new WebhookSecretBody(signer.SecretOf(context.User.Tenant())));
    }
}
