using System.Globalization;
using System.Text.Json;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>What the root of a site's REST API says about the site.</summary>
/// <param name="Home">Address of the home page by the site's own account; no query, trailing slash.</param>
/// <param name="Url">Address of the folder that WordPress lies in; mostly the same.</param>
internal sealed record PublicSiteFacts(
    string Name, string Description, Uri Home, Uri Url, string Timezone, string GmtOffset, long Logo, long Icon, long PageOnFront, long PageForPosts)
{
    /// <summary>Null where the document is no root of a WordPress API.</summary>
    internal static PublicSiteFacts? Of(PublicAnswer answer, Uri site)
    {
        if (RestDocument.Parse(answer) is not { ValueKind: JsonValueKind.Object } json) return null;
        var root = new RestItem(json);
        if (root["namespaces"] is not { ValueKind: JsonValueKind.Array } namespaces
            || !namespaces.EnumerateArray().Any(name => name.ValueKind == JsonValueKind.String && name.ValueEquals("wp/v2"))) return null;
        return new PublicSiteFacts(
            root.Text("name"), root.Text("description"), AddressOf(root.Text("home"), site), AddressOf(root.Text("url"), site),
            root.Text("timezone_string"), OffsetOf(root["gmt_offset"]), root.Number("site_logo"), root.Number("site_icon"),
            root.Number("page_on_front"), root.Number("page_for_posts"));
    }

    private static Uri AddressOf(string text, Uri site)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")) address = site;
        return new UriBuilder(address) { Path = address.AbsolutePath.TrimEnd('/') + "/", Query = "", Fragment = "", UserName = "", Password = "" }.Uri;
    }

    private static string OffsetOf(JsonElement offset) => offset.ValueKind switch
    {
        JsonValueKind.Number => offset.GetDouble().ToString(CultureInfo.InvariantCulture),
        JsonValueKind.String when double.TryParse(offset.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var hours) => hours.ToString(CultureInfo.InvariantCulture),
        _ => "0",
    };
}

/// <summary>Answers that are to be JSON.</summary>
internal static class RestDocument
{
    /// <summary>Null for anything else, whatever it calls itself: caches and walls answer HTML with a status of success.</summary>
    internal static JsonElement? Parse(PublicAnswer answer)
    {
        var body = answer.Body.AsMemory();
        if (body.Span.StartsWith("\uFEFF"u8)) body = body[3..];
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Not being JSON is the answer to the question.
            return null;
        }
    }
}
