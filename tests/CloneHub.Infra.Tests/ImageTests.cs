using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CloneHub.Infra.Tests;

/// <summary>The Host's image has two recipes, one for who has Docker and one for who has not; they must come to the same.</summary>
[Trait("Needs", "infra")]
public sealed partial class ImageTests
{
    private static readonly string Dockerfile = Repository.Read("infra/images/host/Dockerfile");

    [Fact]
    public void Both_recipes_of_the_Host_start_the_same_program_in_the_same_way()
    {
        var made = JsonNode.Parse(Config().Match(Repository.Read("infra/images/host/build.sh")).Groups[1].Value)!;
        var environment = made["Env"]!.AsArray().Select(entry => (string)entry!).Where(entry => !entry.StartsWith("PATH=", StringComparison.Ordinal));

        Assert.Equal(Instruction("USER"), (string)made["User"]!);
        Assert.Equal(Instruction("WORKDIR"), (string)made["WorkingDir"]!);
        Assert.Equal(Instruction("ENV"), string.Join(' ', environment));
        Assert.Equal($"{Instruction("EXPOSE")}/tcp", Assert.Single(made["ExposedPorts"]!.AsObject()).Key);
        Assert.Equal(JsonNode.Parse(Instruction("ENTRYPOINT"))!.ToJsonString(), made["Entrypoint"]!.ToJsonString());
    }

    /// <summary>The last one counts: what stands before it is of the stage that builds.</summary>
    private static string Instruction(string name) => Dockerfile.Split('\n').Last(line => line.StartsWith($"{name} ", StringComparison.Ordinal))[(name.Length + 1)..];

    [GeneratedRegex(@"^ +'(\{""User"".*\})'$", RegexOptions.Multiline)]
    private static partial Regex Config();
}
