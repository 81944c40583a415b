using System.Globalization;
using System.Net;
using System.Text;
using CloneHub.Jobs.Api;
using Microsoft.AspNetCore.Http;

namespace CloneHub.Jobs.Certificates;

/// <summary>A certificate as a page for people. Without scripts, styles or pictures from elsewhere: it may be saved and sent on.</summary>
internal sealed class CertificatePage(SignedCertificateBody signed) : IResult
{
    public const string ContentType = "text/html";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = $"{ContentType}; charset=utf-8";
        httpContext.Response.Headers.XContentTypeOptions = "nosniff";
        httpContext.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        return httpContext.Response.WriteAsync(Text(), httpContext.RequestAborted);
    }

    private string Text()
    {
        var c = signed.Certificate;
        return $$"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Certificate of {{Html(c.JobId)}}</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222; background: #fff }
            table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #ddd }
            td.n, th.n { text-align: right } code { font-size: .85em; overflow-wrap: anywhere }
            </style>
            </head>
            <body>
            <h1>Certificate of a clone</h1>
            <p>{{Html(c.CloneUrl.AbsoluteUri)}} is a copy of {{Html(c.SourceUrl.AbsoluteUri)}}, compared on {{Html(WireTime.Of(c.ComparedAt))}}.
            {{Consistency(c.Consistency)}}
            The source ran WordPress {{Html(c.Source.Wordpress)}}, PHP {{Html(c.Source.Php)}}, database {{Html(c.Source.Database)}}.</p>
            <h2>Files</h2>
            <p>{{Number(c.Files.Files)}} files with {{Number(c.Files.Bytes)}} bytes are as the source has them; in {{Number(c.Files.RewrittenFiles)}} of them addresses became the clone's.<br>
            Source <code>{{Html(c.Files.SourceSum)}}</code><br>Clone <code>{{Html(c.Files.CloneSum)}}</code></p>
            {{Media(c.Media)}}
            <h2>Tables</h2>
            <table>
            <thead><tr><th scope="col">Table</th><th scope="col" class="n">Rows</th><th scope="col" class="n">Rewritten values</th><th scope="col">Sum of the source, and of the clone</th></tr></thead>
            <tbody>{{Rows(c.Tables)}}</tbody>
            </table>
            <h2>Left out, replaced or changed</h2>
            {{Warnings(c.Warnings)}}
            <h2>Crawl</h2>
            {{Crawl(c.Crawl)}}
            <h2>Signature</h2>
            <p>Certificate {{Html(c.JobId)}}, form {{c.Version}}. It verifies with the keys of /api/v2/certificate-keys.</p>
            <p><code>{{Html(signed.Jws)}}</code></p>
            </body>
            </html>
            """;
    }

    private static string Consistency(string consistency) => consistency switch
    {
        "snapshot" => "All rows are of one moment.",
        "compared" => "The rows were read in several transactions; the source was found to have all of them still after the last one had come, but for columns without a sum.",
        _ => "The rows were read in several transactions, and some may not fit together.",
    };

    private static string Rows(IReadOnlyList<TableBody> tables)
    {
        var rows = new StringBuilder();
        foreach (var table in tables)
        {
            var sums = table.SourceSum == table.CloneSum ? $"<code>{Html(table.SourceSum)}</code>" : $"<code>{Html(table.SourceSum)}</code><br><code>{Html(table.CloneSum)}</code>";
            rows.Append(CultureInfo.InvariantCulture, $"<tr><td>{Html(table.Name)}</td><td class=\"n\">{Number(table.Rows)}</td><td class=\"n\">{Number(table.RewrittenValues)}</td><td>{sums}</td></tr>\n");
        }

        return rows.ToString();
    }

    private static string Media(CertifiedMediaBody? media) => media switch
    {
        null => "",
        { Compared: { } files } => $"""
            <h2>Media that came later</h2>
            <p>{Number(files.Files)} of {Number(media.Listed)} files with {Number(files.Bytes)} bytes are as the source has them; {Number(media.Missing ?? 0)} could not be had, {Number(media.Altered ?? 0)} were changed in the clone first.<br>
            Source <code>{Html(files.SourceSum)}</code><br>Clone <code>{Html(files.CloneSum)}</code></p>
            """,
        _ => $"<h2>Media that come later</h2><p>{Number(media.Listed)} files were not there yet, and nothing is said of them.</p>",
    };

    private static string Crawl(CrawlBody? crawl) => crawl is null
        ? "<p>Pages have not been compared beyond the home page yet, or could not be.</p>"
        : $"""
            <p>{Number(crawl.Pages)} pages, {Number(crawl.MenuLinks)} links of menus and {Number(crawl.Media)} media answer as at the source; {Number(crawl.Assets)} pictures, styles and scripts are there.</p>
            <p>Different:</p>{Warnings(crawl.Differences)}<p>Not compared:</p>{Warnings(crawl.NotCompared)}
            """;

    private static string Warnings(IReadOnlyList<string> warnings) =>
        warnings.Count == 0 ? "<p>Nothing.</p>" : $"<ul>{string.Concat(warnings.Select(warning => $"<li>{Html(warning)}</li>"))}</ul>";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Html(string text) => WebUtility.HtmlEncode(text);
}
