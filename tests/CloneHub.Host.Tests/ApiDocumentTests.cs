using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Dev;

namespace CloneHub.Host.Tests;

[Trait("Needs", "servers")]
public sealed partial class ApiDocumentTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private RunningHost Host => fixture.Host;

    /// <summary>With UPDATE_SNAPSHOTS=1 the file is written anew instead of compared.</summary>
    [Fact]
    public async Task The_checked_in_document_is_the_live_one()
    {
        var live = JsonSerializer.Serialize((await Host.GetAsync("/openapi/v1.json")).Json, Indented).ReplaceLineEndings("\n") + "\n";
        var file = Repository.Path("docs", "openapi.json");
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1") await File.WriteAllTextAsync(file, live);

        Assert.True(File.Exists(file), "docs/openapi.json is missing; write it with UPDATE_SNAPSHOTS=1.");
        Assert.Equal(await File.ReadAllTextAsync(file), live);
    }

    [Fact]
    public async Task Every_operation_is_described()
    {
        var operations = Operations((await Host.GetAsync("/openapi/v1.json")).Json).ToList();

        Assert.Equal(22, operations.Count);
        Assert.All(operations, operation =>
        {
            Assert.False(string.IsNullOrEmpty(operation.Value.GetProperty("summary").GetString()), operation.Key);
            Assert.True(operation.Value.GetProperty("responses").TryGetProperty("401", out _), operation.Key);
        });
    }

    [Fact]
    public async Task The_description_for_people_comes_from_here_only()
    {
        var page = await Host.GetAsync("/docs/");

        Assert.Equal(200, page.Status);
        var scripts = ScriptSource().Matches(page.Text).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(scripts);
        Assert.DoesNotContain("//", string.Concat(scripts), StringComparison.Ordinal);
        foreach (var script in scripts) Assert.Equal(200, (await Host.GetAsync("/docs/" + script)).Status);
    }

    [Fact]
    public async Task Every_endpoint_stands_in_the_file_of_requests()
    {
        var requests = await File.ReadAllTextAsync(Repository.Path("requests", "clonehub.http"));
        var operations = Operations((await Host.GetAsync("/openapi/v1.json")).Json).Select(operation => operation.Key.Replace("{job_id}", "{{job}}", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(operations);
        Assert.All(
            [.. operations, "GET /health/live", "GET /health/ready", "GET /metrics", "GET /queue", "GET /openapi/v1.json", "GET /docs"],
            operation => Assert.Contains(operation.Replace(" ", " {{host}}", StringComparison.Ordinal) + "\n", requests, StringComparison.Ordinal));
    }

    private static IEnumerable<KeyValuePair<string, JsonElement>> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select KeyValuePair.Create($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value);

    [GeneratedRegex("<script[^>]* src=\"([^\"]+)\"")]
    private static partial Regex ScriptSource();
}
