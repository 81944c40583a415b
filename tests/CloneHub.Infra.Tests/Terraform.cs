using System.Text.Json.Nodes;

namespace CloneHub.Infra.Tests;

/// <summary>Terraform in a copy of infra, without a network: the provider comes from a folder of this machine.</summary>
internal sealed class Terraform(string folder) : IDisposable
{
    private const string Provider = "registry.terraform.io/hashicorp/aws/5.100.0";

    /// <summary>Where administrators put mirrors of providers; TF_PLUGIN_DIR names another one.</summary>
    private static readonly string[] Mirrors = ["/opt", "/usr/share", "/usr/local/share", "/usr/lib", Path.Combine(Home, ".terraform.d"), Home];

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private static string? Program { get; } = Tool.Find("terraform");

    private static string? PluginFolder { get; } = FindPlugins();

    /// <summary>Why it cannot be run here; null if it can.</summary>
    public static string? Missing { get; } = Program is null
        ? "terraform is not on the PATH; install Terraform 1.11 or newer."
        : PluginFolder is null ? $"The provider {Provider} is not in a mirror on this machine; name its folder in TF_PLUGIN_DIR." : null;

    public string Infra { get; } = Path.Combine(folder, "infra");

    /// <summary>A copy of infra in a temporary folder.</summary>
    public static Terraform Copy()
    {
        var folder = Directory.CreateTempSubdirectory("clonehub-infra-").FullName;
        Repository.CopyInfra(Path.Combine(folder, "infra"));
        return new Terraform(folder);
    }

    public Task<Tool.Answer> RunAsync(string module, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var all = new Dictionary<string, string>
        {
            ["TF_CLI_CONFIG_FILE"] = "/dev/null",
            ["TF_DATA_DIR"] = Path.Combine(folder, "data", module.Replace('/', '-')),
            ["TF_IN_AUTOMATION"] = "1",
            ["CHECKPOINT_DISABLE"] = "1",
            ["AWS_EC2_METADATA_DISABLED"] = "true",
        };
        foreach (var (name, value) in environment) all[name] = value;
        return Tool.RunAsync(Program ?? throw new InvalidOperationException(Missing), Path.Combine(Infra, "terraform", module), arguments, all);
    }

    /// <summary>The root needs the provider, and takes no other than the lock file names. Its state stays in the copy.</summary>
    public async Task InitRootAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(Infra, "terraform/backend_override.tf"), "terraform {\n  backend \"local\" {}\n}\n");
        _ = (await RunAsync("", ["init", "-input=false", "-no-color", "-lockfile=readonly", $"-plugin-dir={PluginFolder ?? throw new InvalidOperationException(Missing)}"])).Text;
    }

    /// <summary>A module without providers, applied; answers its outputs.</summary>
    public async Task<JsonNode> ApplyAsync(string module, JsonObject variables)
    {
        var file = Path.Combine(folder, "variables.tfvars.json");
        await File.WriteAllTextAsync(file, variables.ToJsonString());
        _ = (await RunAsync(module, ["init", "-input=false", "-no-color"])).Text;
        _ = (await RunAsync(module, ["apply", "-auto-approve", "-input=false", "-no-color", $"-var-file={file}"])).Text;
        return JsonNode.Parse((await RunAsync(module, ["output", "-json"])).Text)!;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string? FindPlugins()
    {
        var named = Environment.GetEnvironmentVariable("TF_PLUGIN_DIR");
        var candidates = Mirrors.Where(Directory.Exists).SelectMany(mirror =>
            Directory.EnumerateDirectories(mirror, "*", new EnumerationOptions { IgnoreInaccessible = true }));
        return new[] { named }.OfType<string>().Concat(candidates).FirstOrDefault(folder => Directory.Exists(Path.Combine(folder, Provider)));
    }
}
