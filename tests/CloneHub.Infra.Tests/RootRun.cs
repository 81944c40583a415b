using System.Text.Json.Nodes;

namespace CloneHub.Infra.Tests;

/// <summary>One run of all tests of the Terraform root, against an AWS that is made up; done once, read by several tests.</summary>
public sealed class RootRun : IAsyncLifetime
{
    private Terraform? _terraform;

    public sealed record Run(string File, string Name, string Status);

    /// <summary>
    /// Everything that `terraform test -json` said: results, and of the runs of the whole root also plans and states. With each of those comes
    /// the schema of the provider, 13 MB, which is dropped.
    /// </summary>
    public IReadOnlyList<JsonNode> Lines { get; private set; } = [];

    public IReadOnlyList<Run> Runs { get; private set; } = [];

    /// <summary>What kubectl, helm and aws were called for while the variant karpenter was applied, applied again and destroyed.</summary>
    public IReadOnlyList<string> Calls { get; private set; } = [];

    internal Terraform Terraform => _terraform ?? throw new InvalidOperationException(Terraform.Missing);

    public async Task InitializeAsync()
    {
        if (Terraform.Missing is not null) return;
        _terraform = Terraform.Copy();
        await _terraform.InitRootAsync();
        var record = Path.Combine(_terraform.Infra, "calls.log");
        var others = Directory.GetFiles(Path.Combine(_terraform.Infra, "terraform/tests"), "*.tftest.hcl").Select(Path.GetFileName)
            .Where(file => file is not ("karpenter.tftest.hcl" or "auto.tftest.hcl")).Select(file => $"-filter=tests/{file}");
        // Each spends half of its time waiting for the provider. None keeps a state in a file.
        var lines = await Task.WhenAll(
            TestAsync(["-verbose", "-filter=tests/karpenter.tftest.hcl"], ("CLONEHUB_RECORD", record)),
            TestAsync(["-verbose", "-filter=tests/auto.tftest.hcl"]),
            TestAsync(others));
        Calls = await File.ReadAllLinesAsync(record);
        Lines = [.. lines.SelectMany(line => line)];
        Runs = [.. Lines.Select(line => line["test_run"]).OfType<JsonObject>().Where(run => run["status"] is not null)
            .Select(run => new Run((string)run["path"]!, (string)run["run"]!, (string)run["status"]!))];
    }

    public Task DisposeAsync()
    {
        _terraform?.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>What Terraform complained of, for the message of a failing test.</summary>
    public string Complaints() => string.Join('\n', Lines
        .Where(line => (string?)line["type"] == "diagnostic" && (string?)line["diagnostic"]!["severity"] == "error")
        .Select(line => $"{line["diagnostic"]!["summary"]}: {line["diagnostic"]!["detail"]}"));

    private static JsonNode Trimmed(JsonNode line)
    {
        foreach (var kind in (string[])["test_state", "test_plan"]) (line[kind] as JsonObject)?.Remove("provider_schemas");
        return line;
    }

    private async Task<IEnumerable<JsonNode>> TestAsync(IEnumerable<string> filters, params (string, string)[] environment)
    {
        var answer = await Terraform.RunAsync("", ["test", "-json", .. filters], environment);
        return answer.Output.Split('\n').Where(line => line.StartsWith('{')).Select(line => Trimmed(JsonNode.Parse(line)!)).ToList();
    }
}

[CollectionDefinition(Name)]
public sealed class RootRunShared : ICollectionFixture<RootRun>
{
    public const string Name = "one run of the root's tests";
}
