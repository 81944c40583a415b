using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json.Serialization;
using CloneHub.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace CloneHub.Jobs.Api;

/// <summary>POST /create-app-password: a password that can be revoked, in place of a person's own. Nothing of it is kept here.</summary>
internal static class CreateAppPasswordEndpoint
{
    private const string Unmade = "The site made no application password";

    public static void MapCreateAppPassword(this IEndpointRouteBuilder routes) => routes
        .MapPost("/create-app-password", CreateAppPassword)
        .WithName("CreateAppPassword")
        .WithSummary("Make an application password at a site")
        .WithDescription(
            "Logs in at the site and has it make an application password for the account, to be used as source_password. It stands in this answer and nowhere else. Takes a minute at most.")
        .WithTags("Sites")
        .Accepts<AppPasswordRequestBody>("application/json")
        .Refuses(400, 413, 415, 422, 429, 502)
        .RequireRateLimiting(RequestLimits.Clones);

    private static async Task<Results<Ok<AppPasswordBody>, Problem>> CreateAppPassword(
        HttpContext context, SourceGuard guard, IApplicationPasswords passwords, CancellationToken cancellation)
    {
        var (bytes, tooLarge) = await JsonBody.ReadAsync(context.Request.BodyReader, cancellation);
        if (tooLarge is not null) return tooLarge;
        var (body, problem) = AppPasswordRequestBody.Parse(bytes);
        if (body is null) return problem!;
        var site = new Uri(body.Url);
        if (await guard.RefuseAsync(site, cancellation, "url") is { } refusal) return refusal;

        var made = await passwords.MakeAsync(site, body.Username, body.Password, body.AppName!, cancellation);
        if (made.Fault is { } fault) return new Problem(new ProblemKind(StatusOf(fault), fault.Code, Unmade, fault.Hint), fault.Message);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new AppPasswordBody(true, made.Password!, body.AppName!, $"The site made an application password named '{body.AppName}'. Keep it: it is not shown again."));
    }

    /// <summary>422: the site understood and said no; 502: there was no proper answer of it.</summary>
    private static int StatusOf(StepFault fault) => fault.Code switch
    {
        "SOURCE_ADDRESS_REFUSED" => StatusCodes.Status400BadRequest,
        "SOURCE_UNREACHABLE" or "SOURCE_SERVER_ERROR" or "SOURCE_TLS" => StatusCodes.Status502BadGateway,
        _ => StatusCodes.Status422UnprocessableEntity,
    };
}

/// <summary>What POST /create-app-password takes.</summary>
internal sealed record AppPasswordRequestBody
{
    private const string DefaultName = "CloneHub";
    private const int MaxName = 100;

    [Description("Address of the WordPress site: http or https, without user name or password in it, at most 2048 characters.")]
    [MaxLength(CloneRequestBody.MaxUrl)]
    public required string Url { get; init; }

    [Description("Log-in name of the account that gets the application password.")]
    [MaxLength(CloneRequestBody.MaxUsername)]
    public required string Username { get; init; }

    [Description("The account's own password. Used for one log-in and not kept.")]
    [JsonConverter(typeof(RevealedSecretConverter))]
    public required Secret Password { get; init; }

    [Description("What the account's list of application passwords shows it as: 1 to 100 characters.")]
    [DefaultValue(DefaultName)]
    [MaxLength(MaxName)]
    public string? AppName { get; init; }

    /// <summary>Reads and checks a body. Exactly one of the two answers is set.</summary>
    public static (AppPasswordRequestBody? Body, Problem? Problem) Parse(ReadOnlyMemory<byte> json) => JsonBody.Parse(json, Check);

    private static (AppPasswordRequestBody?, Problem?) Check(FieldReader fields)
    {
        var url = fields.Text("url", CloneRequestBody.MaxUrl);
        var username = fields.Text("username", CloneRequestBody.MaxUsername);
        var password = fields.Text("password", CloneRequestBody.MaxPassword);
        var name = fields.Text("app_name", int.MaxValue);
        fields.RefuseOthers();

        foreach (var field in (ReadOnlySpan<string>)["url", "username", "password"])
            if (!fields.Has(field)) fields.Refuse(field, "is required");
        if (url is not null && CloneRequestBody.UrlFault(url, "; send those in username and password") is { } fault) fields.Refuse("url", fault);
        if (username is not null && (username.Length == 0 || username.Any(char.IsControl))) fields.Refuse("username", "must not be empty or hold control characters");
        if (password is not null && (password.Length == 0 || password.Contains('\0', StringComparison.Ordinal))) fields.Refuse("password", "must not be empty or hold a NUL character");
        if (name is not null && (name.Trim().Length is < 1 or > MaxName || name.Any(char.IsControl))) fields.Refuse("app_name", "must be 1 to 100 characters, none of them a control character");
        if (fields.Errors.Count > 0) return (null, fields.ToProblem());
        return (new AppPasswordRequestBody { Url = url!, Username = username!, Password = new Secret(password!), AppName = name?.Trim() ?? DefaultName }, null);
    }

    // The record's own text would show the user name in a log line.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Url = ").Append(Url);
        return true;
    }
}

/// <summary>An application password that was made.</summary>
internal sealed record AppPasswordBody(
    bool Success,
    [property: Description("The password, in groups of four. The site does not show it again, and CloneHub does not keep it.")]
    [property: JsonConverter(typeof(RevealedSecretConverter))]
    Secret ApplicationPassword,
    string AppName,
    string Message);
