using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloneHub.Contracts;

namespace CloneHub.Provisioning.WordPress;

/// <summary>Installs a plugin from a zip through wp-admin, as a person would, and removes it the same way.</summary>
internal sealed partial class PluginUpload(AdminSession session, string folder)
{
    /// <summary>The upload form's nonce; whoever does not get the form learns why.</summary>
    public async Task<string> OpenFormAsync(CancellationToken cancellation)
    {
        var page = await session.GetAsync("plugin-install.php?tab=upload", cancellation);
        DoorFinder.Refuse(page);
        if (page.Status == HttpStatusCode.Forbidden) throw await WhyForbiddenAsync(cancellation);
        var form = page.Html.IndexOf("wp-upload-form", StringComparison.Ordinal);
        var nonce = form < 0 ? Match.Empty : Nonce().Match(page.Html, form);
        if (IsMultisite().IsMatch(page.Html)) throw SourceFaults.Multisite();
        return nonce.Success ? nonce.Groups[1].Value : throw SourceFaults.Unusable("plugin-install.php", (int)page.Status);
    }

    /// <summary>Uploads and activates.</summary>
    public async Task InstallAsync(string nonce, byte[] zip, CancellationToken cancellation)
    {
        var page = await session.PostAsync("update.php?action=upload-plugin", Form(nonce, zip), cancellation);
        if (AdminSession.LeadsToLogIn(page))
        {
            // WordPress keeps all sessions of a user in one value: whoever logs in or out in the same moment, another clone of the site say, may take this one with it.
            nonce = await OpenFormAsync(cancellation);
            page = await session.PostAsync("update.php?action=upload-plugin", Form(nonce, zip), cancellation);
            if (AdminSession.LeadsToLogIn(page)) throw SourceFaults.LogInLost();
        }

        if (Links(page).FirstOrDefault() is not { } activate)
        {
            var fault = WhyNotInstalled(page);
            await SweepAsync(nonce, cancellation);
            throw fault;
        }

        var activated = await session.FollowAsync(activate, cancellation);
        if (AdminSession.LeadsToLogIn(activated)) throw SourceFaults.LogInLost();
        if (!activated.IsRedirect || activated.Location!.Query.Contains("error=true", StringComparison.Ordinal)) throw SourceFaults.ActivationFailed();
    }

    /// <summary>Takes a job's connectors off again where they cannot do so themselves.</summary>
    /// <param name="last">Those of later attempts stay, and what a person has installed.</param>
    /// <param name="rest">Asks the site's REST interface as somebody who may delete plugins.</param>
    /// <exception cref="StepFaultException">The site does not confirm that they are gone.</exception>
    public static async Task UninstallAsync(
        JobId job, int last, Func<HttpMethod, string, CancellationToken, Task<SourcePage>> rest, CancellationToken cancellation)
    {
        var list = await rest(HttpMethod.Get, $"/wp/v2/plugins&search={ConnectorBuild.NameOf(job)}", cancellation);
        if (list.Status != HttpStatusCode.OK) throw SourceFaults.ChannelBlocked($"the site answered {(int)list.Status} when it was asked for its plugins.");
        foreach (var plugin in NamesIn(list).Where(plugin => ConnectorBuild.AttemptOf(job, plugin.Split('/')[0]) is { } attempt && attempt != ConnectorBuild.ByHand && attempt <= last))
            await UninstallOneAsync($"/wp/v2/plugins/{plugin}", rest, cancellation);
    }

    private static async Task UninstallOneAsync(
        string route, Func<HttpMethod, string, CancellationToken, Task<SourcePage>> rest, CancellationToken cancellation)
    {
        // Whether it was active at all is no matter; only the deletion has to succeed.
        await rest(HttpMethod.Post, route + "&status=inactive", cancellation);
        var gone = await rest(HttpMethod.Post, route + SiteDoor.AsDelete, cancellation);
        if (gone.Status == HttpStatusCode.OK || gone.Html.Contains("rest_plugin_not_found", StringComparison.Ordinal)) return;
        throw SourceFaults.ChannelBlocked($"the site answered {(int)gone.Status} when the plugin was to be deleted.");
    }

    private static List<string> NamesIn(SourcePage list)
    {
        try
        {
            return [.. (JsonNode.Parse(list.Html) as JsonArray ?? []).Select(plugin => (string?)plugin?["plugin"] ?? "")];
        }
        catch (JsonException)
        {
            throw SourceFaults.ChannelBlocked("the site does not tell its plugins.");
        }
    }

    /// <summary>Says that "x" is both a file and a folder.</summary>
    private static byte[] ImpossibleArchive()
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var name in new[] { "x/y", "x" })
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.WriteByte((byte)'\n');
            }
        }

        return buffer.ToArray();
    }

    private MultipartFormDataContent Form(string nonce, byte[] zip)
    {
        var file = new ByteArrayContent(zip) { Headers = { ContentType = new MediaTypeHeaderValue("application/zip") } };
        return new MultipartFormDataContent
        {
            { new StringContent(nonce), "\"_wpnonce\"" },
            { file, "\"pluginzip\"", $"\"{folder}.zip\"" },
        };
    }

    /// <summary>
    /// A failed installation leaves the unpacked plugin in wp-content/upgrade. WordPress empties that folder before it unpacks anything,
    /// and cleans up after an archive that is sound but cannot be unpacked.
    /// </summary>
    private async Task SweepAsync(string nonce, CancellationToken cancellation)
    {
        await session.PostAsync("update.php?action=upload-plugin", Form(nonce, ImpossibleArchive()), cancellation);
        await RemoveAttachmentAsync(cancellation);
    }

    /// <summary>An upload that WordPress could not unpack lies in the media library, for everyone to fetch.</summary>
    private async Task RemoveAttachmentAsync(CancellationToken cancellation)
    {
        var found = await session.RestAsync(HttpMethod.Get, $"/wp/v2/media&status=private&search={folder}", cancellation);
        if (found.Status != HttpStatusCode.OK) return;
        try
        {
            foreach (var id in (JsonNode.Parse(found.Html) as JsonArray ?? []).Select(media => media?["id"]?.GetValue<long>()))
            {
                var route = string.Create(CultureInfo.InvariantCulture, $"/wp/v2/media/{id}&force=true{SiteDoor.AsDelete}");
                await session.RestAsync(HttpMethod.Post, route, cancellation);
            }
        }
        catch (JsonException)
        {
            // No REST interface here: WordPress removes the attachment itself after two hours.
        }
    }

    private IEnumerable<Uri> Links(SourcePage page) =>
        from Match match in ActivateLink().Matches(page.Html)
        let link = WebUtility.HtmlDecode(match.Groups[1].Value)
        where link.Contains(folder, StringComparison.Ordinal)
        select new Uri(page.Address, link);

    private async Task<StepFaultException> WhyForbiddenAsync(CancellationToken cancellation)
    {
        // Both a missing capability and DISALLOW_FILE_MODS forbid the form; only the former forbids the settings.
        var settings = await session.GetAsync("options-general.php", cancellation);
        if (IsMultisite().IsMatch(settings.Html)) return SourceFaults.Multisite();
        return settings.Status == HttpStatusCode.OK ? SourceFaults.FileChangesDisallowed() : SourceFaults.NotAdministrator();
    }

    private static StepFaultException WhyNotInstalled(SourcePage page)
    {
        DoorFinder.Refuse(page);
        if (page.Status != HttpStatusCode.OK) return SourceFaults.Unusable("update.php", (int)page.Status);
        if (CredentialsForm().IsMatch(page.Html)) return SourceFaults.CredentialsNeeded();
        var content = page.Html.IndexOf("wpbody-content", StringComparison.Ordinal);
        var said = content < 0 ? "" : LastParagraphs(page.Html[content..]);
        return SourceFaults.PluginsReadOnly(said);
    }

    private static string LastParagraphs(string html)
    {
        var texts = Paragraph().Matches(html).Select(match => WebUtility.HtmlDecode(Tag().Replace(match.Groups[1].Value, "")).Trim());
        var said = string.Join(' ', texts.Where(text => text.Length > 0).Take(4));
        return said.Length > 300 ? said[..300] : said;
    }

    [GeneratedRegex(@"name=[""']_wpnonce[""'][^>]*value=[""']([0-9a-f]+)[""']", RegexOptions.IgnoreCase)]
    private static partial Regex Nonce();

    [GeneratedRegex(@"href=[""']([^""']*plugins\.php\?action=activate[^""']*)[""']", RegexOptions.IgnoreCase)]
    private static partial Regex ActivateLink();

    [GeneratedRegex(@"request-filesystem-credentials|name=[""']connection_type[""']", RegexOptions.IgnoreCase)]
    private static partial Regex CredentialsForm();

    [GeneratedRegex(@"<body[^>]*class=[""'][^""']*\bmultisite\b", RegexOptions.IgnoreCase)]
    private static partial Regex IsMultisite();

    [GeneratedRegex(@"<p>(.*?)</p>", RegexOptions.Singleline)]
    private static partial Regex Paragraph();

    [GeneratedRegex(@"<[^>]+>")]
    private static partial Regex Tag();
}
