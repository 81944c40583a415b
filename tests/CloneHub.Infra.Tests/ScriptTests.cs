namespace CloneHub.Infra.Tests;

[Trait("Needs", "infra")]
public sealed class ScriptTests
{
    private static readonly string[] Changing = ["apply", "create", "delete", "patch", "edit", "scale", "drain", "cordon", "label", "annotate", "replace", "run", "set", "restart"];

    [Fact]
    public async Task Every_script_can_be_read_by_its_shell()
    {
        var scripts = Directory.GetFiles(Repository.Infra, "*.sh", SearchOption.AllDirectories);

        Assert.True(scripts.Length >= 5, $"Only {scripts.Length} scripts were found.");
        foreach (var script in scripts) _ = (await Tool.RunAsync("bash", Repository.Root, ["-n", script])).Text;
    }

    [Fact]
    public void Verification_only_reads()
    {
        var commands = Repository.Read("infra/verify.sh").Split('\n').Where(line => !line.TrimStart().StartsWith('#'))
            .Where(line => line.Contains("kubectl ", StringComparison.Ordinal) || line.Contains("aws ", StringComparison.Ordinal)).ToList();

        Assert.True(commands.Count > 8, $"Only {commands.Count} commands were found.");
        Assert.DoesNotContain(commands, line => !line.Contains("auth can-i", StringComparison.Ordinal)
            && line.Split(' ').Any(word => Changing.Contains(word) || word.StartsWith("put-", StringComparison.Ordinal) || word.StartsWith("update-", StringComparison.Ordinal)));
    }

    [Fact]
    public void No_file_names_an_account_or_a_key()
    {
        var files = Directory.GetFiles(Repository.Infra, "*", SearchOption.AllDirectories).Where(f => !f.Contains("/.terraform/", StringComparison.Ordinal)).ToList();

        Assert.True(files.Count > 80);
        Assert.DoesNotContain(files.Where(file => !file.EndsWith(".lock.hcl", StringComparison.Ordinal) && !file.EndsWith(".json", StringComparison.Ordinal))
            .SelectMany(file => System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(file), @"\b(\d{12}|AKIA[A-Z0-9]{16})\b").Select(m => m.Value)),
            found => found is not ("111122223333" or "000000000000"));
    }
}
