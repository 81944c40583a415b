using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

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
        if (RestDocument.Parse(answer.Body) is not { ValueKind: JsonValueKind.Object } json) return null;
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
    internal static JsonElement? Parse(byte[] answer)
    {
        // JSON allows texts that are no Unicode, and .NET throws only when somebody reads one; here they become readable.
        if (!Utf8.IsValid(answer)) answer = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(answer));
        ReplaceHalves(answer);
        var body = answer.AsMemory();
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

    /// <summary>Halves of letters without the other half ("\ud83d") become the sign for a letter that is unknown.</summary>
    private static void ReplaceHalves(Span<byte> json)
    {
        for (var at = 0; at < json.Length;)
        {
            var next = json[at..].IndexOf((byte)'\\');
            if (next < 0) return;
            at += next;
            var half = HalfAt(json, at);
            if (half is >= 0xD800 and < 0xDC00 && HalfAt(json, at + 6) is >= 0xDC00 and < 0xE000) at += 12;
            else if (half is >= 0xD800 and < 0xE000) "fffd"u8.CopyTo(json[(at + 2)..]);
            else at += 2;
        }
    }

    private static int HalfAt(ReadOnlySpan<byte> json, int at) =>
        at + 6 <= json.Length && json[at] == '\\' && json[at + 1] == 'u'
        && ushort.TryParse(json.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? unit : -1;
}
