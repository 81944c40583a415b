using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CloneHub.Jobs.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Reporting;

/// <summary>
/// Rows as CSV of RFC 4180, with a header. Columns are the fields of the row's JSON, in its order and under its names; what is absent is
/// empty. A text that a spreadsheet would take for a formula begins with an apostrophe.
/// </summary>
internal sealed class Csv<TRow>(string fileName, IReadOnlyList<TRow> rows) : IResult
    where TRow : class
{
    public const string ContentType = "text/csv";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var json = httpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        httpContext.Response.ContentType = $"{ContentType}; charset=utf-8; header=present";
        httpContext.Response.Headers.XContentTypeOptions = "nosniff";
        httpContext.Response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        return httpContext.Response.WriteAsync(CsvText.Of(rows, json), httpContext.RequestAborted);
    }
}

internal static class CsvText
{
    private static readonly char[] MustBeQuoted = [',', '"', '\r', '\n'];

    public static string Of<TRow>(IReadOnlyList<TRow> rows, JsonSerializerOptions json)
        where TRow : class
    {
        var columns = json.GetTypeInfo(typeof(TRow)).Properties;
        var text = new StringBuilder();
        Line(text, columns.Select(c => c.Name));
        foreach (var row in rows) Line(text, columns.Select(c => Cell(c, row)));
        return text.ToString();
    }

    private static void Line(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(Quoted)).Append("\r\n");

    private static string Cell(JsonPropertyInfo column, object row) => column.Get!(row) switch
    {
        null => "",
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTimeOffset time => WireTime.Of(time),
        string text => Harmless(text),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        var value => throw new InvalidOperationException($"{column.Name} is a {value.GetType().Name}, which has no form in CSV."),
    };

    private static string Harmless(string text) => text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' ? "'" + text : text;

    private static string Quoted(string cell) => cell.IndexOfAny(MustBeQuoted) < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
