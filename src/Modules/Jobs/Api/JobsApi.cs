using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CloneHub.Contracts;
using CloneHub.Jobs.Callbacks;
using CloneHub.Jobs.Certificates;
using CloneHub.Jobs.Queue;
using CloneHub.Jobs.Reporting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Api;

/// <summary>The HTTP API of jobs: what the Host adds, uses and maps.</summary>
public static class JobsApi
{
    /// <summary>Where KEDA reads the length of the queue.</summary>
    public const string Queue = "/queue";

    internal const int MaxBody = 64 * 1024;

    internal static IServiceCollection AddJobsApi(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<JobsApiOptions>().Bind(configuration.GetSection("CloneHub")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<JobsApiOptions>, JobsApiOptionsCheck>();
        services.AddSingleton<SourceGuard>();
        services.AddSingleton<StatusWait>();
        services.AddCallbacks();
        services.AddCertificates();
        services.AddHostedService<KeylessGuard>();

        // Not AddAuthentication: that brings Data Protection along, which writes keys nobody needs into the home folder.
        services.AddAuthenticationCore(authentication => authentication.DefaultScheme = ApiKeyHandler.SchemeName);
        services.AddWebEncoders();
        new AuthenticationBuilder(services).AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null);
        services.AddAuthorization();
        services.AddRequestLimits();
        services.AddExceptionHandler<TroubleHandler>();
        services.ConfigureHttpJsonOptions(http => WriteWireJson(http.SerializerOptions));
        return services;
    }

    /// <summary>Everything that refuses a request does so as problem+json, the framework's own refusals included.</summary>
    public static IApplicationBuilder UseJobsApi(this IApplicationBuilder app) => app
        .UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = _ => Task.CompletedTask, AllowStatusCode404Response = true })
        .UseStatusCodePages(status => new Problem(ProblemKind.OfStatus(status.HttpContext.Response.StatusCode)).ExecuteAsync(status.HttpContext))
        .UseAuthentication()
        .UseAuthorization()
        .UseRateLimiter();

    public static IEndpointRouteBuilder MapJobs(this IEndpointRouteBuilder routes)
    {
        var api = Guarded(routes.MapGroup("/api/v2"));
        api.MapRequestClone();
        api.MapRequestRestore();
        api.MapGetJobStatus();
        api.MapListJobs();
        api.MapFollowJob();
        api.MapExtendJob();
        api.MapRollBackJob();
        api.MapRemoveJob();
        api.MapGetCertificate();
        api.MapGetConnector();
        api.MapCloneLogs();
        api.MapReports();
        api.MapGetWebhookSecret();
        Guarded(routes.MapGroup("")).MapCreateAppPassword();
        routes.MapGetQueue();
        return routes;
    }

    private static RouteGroupBuilder Guarded(RouteGroupBuilder routes) => routes
        .RequireAuthorization()
        .WithMetadata(new RequestSizeLimitAttribute(MaxBody))
        .Refuses(401, 500, 503);

    /// <summary>Declares problem answers, for the OpenAPI document.</summary>
    internal static TBuilder Refuses<TBuilder>(this TBuilder builder, params ReadOnlySpan<int> statuses) where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in statuses) builder.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ProblemBody), [Problem.ContentType]));
        return builder;
    }

    private static void WriteWireJson(JsonSerializerOptions json)
    {
        // Answers are JSON and say so; an apostrophe in a sentence may stay one.
        json.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        json.NumberHandling = JsonNumberHandling.Strict;
        json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        json.Converters.Add(new UtcTimeConverter());
        json.Converters.Add(new JobStatusConverter());
        json.TypeInfoResolverChain.Insert(0, WireJson.Default);
    }
}

/// <summary>The {job_id} of an address; it is read as text, because an id that is none is simply not found.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class JobIdParameterAttribute : FromRouteAttribute
{
    public JobIdParameterAttribute() => Name = "job_id";
}
