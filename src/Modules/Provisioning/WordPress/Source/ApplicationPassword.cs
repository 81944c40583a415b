using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>
/// An application password opens WordPress' REST interface, which cannot install a plugin from a file; wp-admin can, but takes no
/// application password. So it makes a short-lived administrator, who installs the connector and goes with it.
/// </summary>
internal sealed partial class ApplicationPassword(SourceHttp http, SiteDoor door, string username, Secret password)
{
    /// <summary>WordPress makes them of 24 letters and digits, and shows them in groups of four.</summary>
    public static bool LooksLikeOne(Secret password) => Form().IsMatch(password.Reveal());

    /// <summary>Whether the site takes it, and from somebody who may install plugins.</summary>
    public async Task<bool> IsAcceptedAsync(CancellationToken cancellation)
    {
        var me = await RestAsync(HttpMethod.Get, "/wp/v2/users/me&context=edit", cancellation);
        if (me.Status != HttpStatusCode.OK || TryParse(me) is not { } user) return false;
        var capabilities = user["capabilities"] as JsonObject;
        return May(capabilities, "install_plugins") && May(capabilities, "create_users") ? true : throw SourceFaults.NotAdministrator();
    }

    /// <summary>Makes the temporary administrator, or takes over the one that an earlier attempt left.</summary>
    public async Task<Secret> CreateUserAsync(string temporary, CancellationToken cancellation)
    {
        var secret = new Secret(RandomNumberGenerator.GetHexString(40, lowercase: true));
        var body = new JsonObject { ["password"] = secret.Reveal(), ["roles"] = new JsonArray("administrator") };
        var existing = await FindUserAsync(temporary, cancellation);
        if (existing.Id is null)
        {
            body["username"] = temporary;
            body["email"] = ConnectorBuild.MailOf(temporary);
        }

        var route = existing.Id is { } id ? string.Create(CultureInfo.InvariantCulture, $"/wp/v2/users/{id}") : "/wp/v2/users";
        var page = await SendAsync(HttpMethod.Post, route, body, cancellation);
        return page.Status is HttpStatusCode.OK or HttpStatusCode.Created ? secret : throw SourceFaults.NotAdministrator();
    }

    /// <returns>Whether the site confirms that there is no such user any more.</returns>
    public async Task<bool> DeleteUserAsync(string temporary, CancellationToken cancellation)
    {
        var found = await FindUserAsync(temporary, cancellation);
        if (found.Id is not { } id) return found.IsKnown;
        var route = string.Create(CultureInfo.InvariantCulture, $"/wp/v2/users/{id}&force=true&reassign=false{SiteDoor.AsDelete}");
        return (await RestAsync(HttpMethod.Post, route, cancellation)).Status == HttpStatusCode.OK;
    }

    /// <summary>Asks WordPress' own REST interface as the password's owner.</summary>
    public Task<SourcePage> RestAsync(HttpMethod method, string route, CancellationToken cancellation) => SendAsync(method, route, null, cancellation);

    /// <returns>Whether the site told, and the user's number if there is one.</returns>
    private async Task<(bool IsKnown, long? Id)> FindUserAsync(string login, CancellationToken cancellation)
    {
        var page = await RestAsync(HttpMethod.Get, $"/wp/v2/users&context=edit&search={login}", cancellation);
        if (page.Status != HttpStatusCode.OK || TryParse(page) is not JsonArray users) return (false, null);
        return (true, users.FirstOrDefault(user => (string?)user?["username"] == login)?["id"]?.GetValue<long>());
    }

    private Task<SourcePage> SendAsync(HttpMethod method, string route, JsonObject? body, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(method, door.Rest(route));
        var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password.Reveal()}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", credentials);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return http.PageAsync(request, cancellation);
    }

    private static bool May(JsonObject? capabilities, string what) => capabilities?[what] is JsonValue value && value.TryGetValue<bool>(out var may) && may;

    private static JsonNode? TryParse(SourcePage page)
    {
        try
        {
            return JsonNode.Parse(page.Html);
        }
        catch (JsonException)
        {
            // A page where JSON is due: something stands before the REST interface, and the log-in form has to do.
            return null;
        }
    }

    [GeneratedRegex("^[A-Za-z0-9]{4}(?: ?[A-Za-z0-9]{4}){5}$")]
    private static partial Regex Form();
}
