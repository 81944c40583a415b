using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using CloneHub.Testing;

namespace CloneHub.EndToEnd.Tests;

/// <summary>Does what README.md tells its reader to do, in its order, and compares the answers with those it shows.</summary>
[Trait("Needs", "servers")]
public sealed partial class ReadmeTests(SourceSiteFixture source) : IClassFixture<SourceSiteFixture>
{
    /// <summary>Fields whose value is the same for every reader.</summary>
    private static readonly string[] Fixed =
        ["type", "status", "progress", "message", "fidelity", "username", "wordpress_username", "title", "detail", "code", "hint"];

    [Fact]
    public async Task The_commands_shown_lead_to_the_answers_shown()
    {
        await using var host = await HostProcess.StartAsync(source.Servers);
        var values = new Dictionary<string, string>
        {
            ["api"] = $"{host.Address}api/v2",
            ["source"] = source.Site.Url.AbsoluteUri,
            ["user"] = source.Site.AdminUser,
            ["password"] = source.Site.AdminPassword,
        };
        JsonElement last = default;
        var (ran, compared) = (0, 0);
        foreach (var block in Readme.Blocks)
        {
            if (block is { Language: "sh", Mark: "runs" or "runs until completed" })
            {
                last = await RunAsync(block, values);
                ran++;
            }
            else if (block is { Language: "sh", Mark.Length: > 0 })
            {
                Assert.StartsWith("runs: ", block.Mark, StringComparison.Ordinal);
                if (last.ValueKind is JsonValueKind.Object) values["job"] = last.GetProperty("job_id").GetString()!;
                Assert.All(NamesIn(block), name => Assert.Contains(name, values.Keys));
            }
            else if (block.Language == "json")
            {
                AssertSame(JsonDocument.Parse(block.Text).RootElement, last);
                compared++;
            }
        }

        Assert.Equal((4, 3), (ran, compared));
        await RemovedAsync(host.Client, values["job"]);
    }

    /// <summary>The first two have tests of their own: <see cref="DemoTests"/> runs the demo, and who reads this has run the tests.</summary>
    [Fact]
    public void Every_command_shown_is_run() => Assert.Equal(
        ["./clonehub.sh demo", "./clonehub.sh test"],
        Readme.Blocks.Where(block => block is { Language: "sh", Mark: "" }).Select(block => block.Text.Trim()));

    [Fact]
    public async Task The_API_has_the_calls_of_the_table_and_no_others()
    {
        await using var host = await HostProcess.StartAsync(source.Servers);
        var described = await host.Client.GetFromJsonAsync<JsonElement>(new Uri("openapi/v1.json", UriKind.Relative));
        var calls = described.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(call => $"{call.Name.ToUpperInvariant()} {path.Name}"));
        var shown = Readme.Table("Call").Select(row => row[0]).ToList();

        Assert.Equal(calls.Order(StringComparer.Ordinal), shown.Where(IsDescribed).Order(StringComparer.Ordinal));
        foreach (var call in shown.Where(call => !IsDescribed(call)))
        {
            using var answer = await host.Client.GetAsync(new Uri(call.Split(' ')[1], UriKind.Relative));
            Assert.True(answer.IsSuccessStatusCode, $"{call}: {answer.StatusCode}");
        }
    }

    private static bool IsDescribed(string call) => call.Contains("/api/", StringComparison.Ordinal) || !call.StartsWith("GET ", StringComparison.Ordinal);

    /// <summary>Runs a block in a shell in which the reader's own values are set.</summary>
    private static async Task<JsonElement> RunAsync(ReadmeBlock block, Dictionary<string, string> values)
    {
        var script = string.Concat(values.Select(v => $"{v.Key}='{v.Value.Replace("'", "'\\''", StringComparison.Ordinal)}'\n")) + block.Text;
        var answer = await ShellAsync(script);
        if (block.Mark == "runs") return answer;
        await Eventually.Until(
            "the clone is completed",
            async () =>
            {
                answer = await ShellAsync(script);
                var status = answer.GetProperty("status").GetString();
                Assert.False(status is "failed" or "cancelled", answer.ToString());
                return status == "completed";
            },
            TimeSpan.FromSeconds(90));
        return answer;
    }

    private static async Task<JsonElement> ShellAsync(string script)
    {
        var start = new ProcessStartInfo("bash", ["-euc", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var shell = Process.Start(start)!;
        var errors = shell.StandardError.ReadToEndAsync();
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, $"exit code {shell.ExitCode}: {await errors}");
        return JsonDocument.Parse(output).RootElement;
    }

    private static IEnumerable<string> NamesIn(ReadmeBlock values) => Assignment().Matches(values.Text).Select(m => m.Groups[1].Value);

    private static void AssertSame(JsonElement shown, JsonElement real)
    {
        Assert.Equal(JsonShape.Of(shown), JsonShape.Of(real));
        Assert.Equal(Values(shown), Values(real));
    }

    private static Dictionary<string, string> Values(JsonElement answer) => answer.EnumerateObject()
        .Concat(answer.TryGetProperty("result", out var result) ? result.EnumerateObject() : [])
        .Where(member => Fixed.Contains(member.Name))
        .ToDictionary(member => member.Name, member => Convert.ToString(member.Value, CultureInfo.InvariantCulture)!);

    private static async Task RemovedAsync(HttpClient client, string job)
    {
        JsonElement result = default;
        await Eventually.Until(
            "the clone is removed",
            async () =>
            {
                var status = await client.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/job-status/{job}", UriKind.Relative));
                return status.TryGetProperty("result", out result) && result.TryGetProperty("removed_at", out _);
            },
            TimeSpan.FromSeconds(60));
        using var answer = await client.GetAsync(new Uri(result.GetProperty("clone_url").GetString()!));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [GeneratedRegex(@"^(\w+)=", RegexOptions.Multiline)]
    private static partial Regex Assignment();
}
