using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloneHub.Contracts;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Makes an application password as its owner would on the profile page: by a log-in and WordPress' own REST interface.</summary>
internal sealed partial class ApplicationPasswords(SourceOptions options, TimeProvider clock, ILogger<ApplicationPasswords> log) : IApplicationPasswords
{
    private const string Route = "/wp/v2/users/me/application-passwords";

    /// <summary>A caller waits at the other end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PatienceAtTheDoor = TimeSpan.FromSeconds(10);

    public async Task<MadePassword> MakeAsync(Uri site, string username, Secret password, string name, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return new MadePassword(await RunAsync(site, username, password, name, either.Token), null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new MadePassword(null, SourceFaults.Unreachable($"it took longer than {Patience.TotalSeconds:0} seconds.").Fault);
        }
        catch (StepFaultException refusal)
        {
            return new MadePassword(null, StepFaults.Of(refusal));
        }
    }

    private async Task<Secret> RunAsync(Uri site, string username, Secret password, string name, CancellationToken cancellation)
    {
        using var http = new SourceHttp(options, clock);
        var door = await DoorFinder.FindAsync(http, site, clock, cancellation);
        var session = new AdminSession(http, door);
        if (SourceFaults.Of(await session.LogInAsync(username, password.Reveal(), cancellation)) is { } refusal) throw refusal;
        try
        {
            return await MakeAsync(session, name, cancellation);
        }
        finally
        {
            await LeaveAsync(session);
        }
    }

    private static async Task<Secret> MakeAsync(AdminSession session, string name, CancellationToken cancellation)
    {
        var page = await session.RestAsync(HttpMethod.Post, $"{Route}&name={Uri.EscapeDataString(name)}", cancellation);
        var answer = TryParse(page.Html);
        if (page.Status is HttpStatusCode.Created or HttpStatusCode.OK && Text(answer, "password") is { } made && new Secret(made) is var password
            && ApplicationPassword.LooksLikeOne(password)) return password;
        DoorFinder.Refuse(page);
        throw Text(answer, "code") switch
        {
            "application_passwords_disabled" => await WhyDisabledAsync(session, cancellation),
            "application_passwords_disabled_for_user" => SourceFaults.PasswordsDisabled(),
            "application_password_duplicate_name" => SourceFaults.PasswordExists(name),
            "rest_no_route" => SourceFaults.PasswordsNotSupported("Its WordPress is older than 5.6"),
            { } code when code.StartsWith("rest_cannot_", StringComparison.Ordinal) => SourceFaults.PasswordForbidden(),
            _ when (int)page.Status >= 500 => SourceFaults.ServerFails(Route, (int)page.Status),
            _ => SourceFaults.RestClosed((int)page.Status),
        };
    }

    /// <summary>The profile page of a site without https says so; where application passwords are switched off it has no word of them.</summary>
    private static async Task<StepFaultException> WhyDisabledAsync(AdminSession session, CancellationToken cancellation)
    {
        var profile = await session.GetAsync("profile.php", cancellation);
        return profile.Html.Contains("application-passwords-section", StringComparison.Ordinal)
            ? SourceFaults.PasswordsNotSupported("It is not reached by https")
            : SourceFaults.PasswordsDisabled();
    }

    private async Task LeaveAsync(AdminSession session)
    {
        using var patience = new CancellationTokenSource(PatienceAtTheDoor, clock);
        try
        {
            await session.LogOutAsync(patience.Token);
        }
        catch (Exception trouble)
        {
            // The password is made, or why not is known; a session more ends by itself.
            LogStayed(log, trouble, session.Door.Base.Host);
        }
    }

    private static string? Text(JsonObject? answer, string name) =>
        answer?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static JsonObject? TryParse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            // Something else answers where the REST interface should.
            return null;
        }
    }

    [LoggerMessage(2310, LogLevel.Warning, "{Host}: could not log out after an application password was asked for")]
    private static partial void LogStayed(ILogger logger, Exception trouble, string host);
}
