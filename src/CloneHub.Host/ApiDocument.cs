using System.Text.Json.Nodes;
using CloneHub.Contracts;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace CloneHub.Host;

/// <summary>The description of the API: /openapi/v1.json for programs, /docs for people. Nothing of it is fetched from elsewhere.</summary>
internal static class ApiDocument
{
    private const string Bearer = "bearer";
    private const string Header = "apiKey";

    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", openApi =>
    {
        openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "CloneHub",
                Version = "v2",
                Description = "Clones a WordPress site by one call. Errors are RFC 9457 problems; each code is explained in docs/errors.md.",
            };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key." },
                [Header] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "X-Api-Key", Description = "An API key." },
            };
            document.Security = [Requirement(Bearer, document), Requirement(Header, document)];
            return Task.CompletedTask;
        });
        openApi.AddSchemaTransformer((schema, context, _) =>
        {
            // The describer cannot look into converters.
            var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
            if (type == typeof(Secret) || type == typeof(DateTimeOffset) || type.IsEnum) schema.Type = JsonSchemaType.String;
            if (type == typeof(Secret)) schema.Format = "password";
            return Task.CompletedTask;
        });
        openApi.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.RelativePath?.StartsWith("api/v2/reports/", StringComparison.Ordinal) is true)
            {
                // The describer knows one schema for each status. Examples and headers are those of jobs.
                operation.Responses!["200"].Content!["text/csv"].Schema = new OpenApiSchema { Type = JsonSchemaType.String };
                return Task.CompletedTask;
            }

            foreach (var content in operation.RequestBody?.Content?.Values ?? []) content.Example = ApiExamples.Request(operation.OperationId);
            foreach (var (status, response) in operation.Responses ?? [])
            {
                foreach (var content in response.Content?.Values ?? []) content.Example = ApiExamples.Answer(operation.OperationId, status);
                Headers((OpenApiResponse)response, operation.OperationId, status);
            }

            return Task.CompletedTask;
        });
    });

    public static void MapApiDocument(this WebApplication app)
    {
        app.MapOpenApi();
        app.MapScalarApiReference("/docs", scalar => scalar.WithTitle("CloneHub").AddDocument("v1", "CloneHub API").DisableDefaultFonts().DisableTelemetry().DisableAgent());
    }

    private static OpenApiSecurityRequirement Requirement(string scheme, OpenApiDocument document) => new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };

    private static void Headers(OpenApiResponse response, string? operation, string status)
    {
        (string Name, string Text)[] headers = status switch
        {
            "200" when operation is not ("ListJobs" or "FollowJob" or "GetWebhookSecret" or "CreateAppPassword" or "GetConnector" or "GetPhpLog" or "GetAccessLog" or "GetAgentLog") => [("ETag", "Names this state of the job; send it back in If-None-Match.")],
            "202" or "308" => [("Location", "Where to ask for the job's state.")],
            "401" => [("WWW-Authenticate", "How to present a key.")],
            "429" or "503" => [("Retry-After", "Seconds to wait before the next try.")],
            _ => [],
        };
        foreach (var (name, text) in headers)
        {
            response.Headers ??= new Dictionary<string, IOpenApiHeader>();
            response.Headers[name] = new OpenApiHeader { Description = text, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
        }
    }
}
